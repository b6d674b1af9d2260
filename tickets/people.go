package tickets

import "github.com/deskbridge/deskbridge/internal/db"

// PersonClass is the class of every person, in iTop's words.
const PersonClass = "Person"

// Organisation is a customer or a department. Code is unique in the desk when
// it is not empty.
type Organisation struct {
	ID        int64
	DeskID    int64
	Name      string
	Code      string
	ParentID  int64
	CreatedAt db.Time
	UpdatedAt db.Time
}

// Person is somebody known to the desk: a caller, an agent or both. An obsolete
// person is not found by e-mail and cannot be chosen, but stays in old tickets.
type Person struct {
	ID           int64
	DeskID       int64
	OrgID        int64
	OrgName      string
	FirstName    string
	Name         string // family name
	Friendlyname string // "first_name name", computed
	Email        string
	Phone        string
	MobilePhone  string
	Function     string
	Obsolete     bool
	CreatedAt    db.Time
	UpdatedAt    db.Time
}

// Team is a resource that requests are dispatched to.
type Team struct {
	ID        int64
	DeskID    int64
	OrgID     int64
	Name      string
	Email     string
	CreatedAt db.Time
	UpdatedAt db.Time
}

// Member is a person in a team with their rights there; Actor says what each
// right gives.
type Member struct {
	TeamID     int64
	PersonID   int64
	PersonName string
	Read       bool `gorm:"column:can_read"`
	Write      bool `gorm:"column:can_write"`
	AllTickets bool
}

// DirectoryFilter narrows a list of organisations, people, teams or services.
type DirectoryFilter struct {
	Search   string // part of the name (and of the e-mail of a person), case folded; a literal
	OrgID    int64  // people and teams of this organisation; services open to it
	ParentID int64  // organisations below this one; sub-services of this service
	IDs      []int64
	Current  bool // only people who are not obsolete
	Offset   int
	Limit    int // 0 means 50; at most 500
}
