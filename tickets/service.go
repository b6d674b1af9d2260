package tickets

import "github.com/deskbridge/deskbridge/internal/db"

// Offering is a service that tickets can be about. Without Orgs every
// organisation may choose it; with Orgs only those.
type Offering struct {
	ID          int64
	DeskID      int64
	Name        string
	Description string
	Orgs        []int64 `gorm:"-"`
	CreatedAt   db.Time
	UpdatedAt   db.Time
}

// Subcategory is a part of a service (iTop's ServiceSubcategory).
type Subcategory struct {
	ID          int64
	DeskID      int64
	ServiceID   int64
	Name        string
	Description string
	CreatedAt   db.Time
	UpdatedAt   db.Time
}
