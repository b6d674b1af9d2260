package tickets

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/audit"
	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// put stores new or changed things of the directory in one transaction, each
// with its line in the audit log. check completes and validates one; old is
// what it was before, nil for a new one.
func put[T any](ctx context.Context, s *Service, a Actor, kind string, list []T, old func(tx *gorm.DB, v T) (*T, error), check func(tx *gorm.DB, v *T, bad *errs.Fields) error, store func(tx *gorm.DB, v *T) error, id func(T) int64) ([]T, error) {
	if err := a.mayDirect(); err != nil {
		return nil, err
	}
	var out []T
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		out = append([]T{}, list...)
		for i := range out {
			was, err := old(tx, out[i])
			if err != nil {
				return err
			}
			var bad errs.Fields
			if err := check(tx, &out[i], &bad); err != nil {
				return err
			}
			if err := bad.Err(); err != nil {
				return err
			}
			if err := store(tx, &out[i]); err != nil {
				return inUse(err, "Another one has this name or code already.")
			}
			action, before := kind+".created", any(nil)
			if was != nil {
				action, before = kind+".changed", *was
			}
			if err := s.audit(tx, a, action, kind, id(out[i]), before, out[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// drop removes one thing of the directory; Conflict when something refers to it.
func (s *Service) drop(ctx context.Context, a Actor, kind string, id int64, remove func(tx *gorm.DB, deskID, id int64) (bool, error)) error {
	if err := a.mayDirect(); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		found, err := remove(tx, a.DeskID, id)
		if err != nil {
			return inUse(err, "This is still in use, so that it cannot be deleted.")
		}
		if !found {
			return errNothing()
		}
		return s.audit(tx, a, kind+".deleted", kind, id, nil, nil)
	})
}

// inUse turns the refusal of a unique or foreign key into a Conflict.
func inUse(err error, text string) error {
	if db.IsUnique(err) || errors.Is(err, gorm.ErrForeignKeyViolated) {
		return errs.Wrap(err, errs.Conflict, text)
	}
	return err
}

func (s *Service) audit(tx *gorm.DB, a Actor, action, kind string, id int64, old, fresh any) error {
	if s.c.Audit == nil {
		return nil
	}
	who := "system"
	if a.UserID != 0 {
		who = fmt.Sprintf("user:%d", a.UserID)
	}
	return s.c.Audit.Record(tx, audit.Entry{DeskID: a.DeskID, Actor: who, Action: action, Subject: fmt.Sprintf("%s:%d", kind, id), Old: old, New: fresh})
}

// stamp sets the times of a thing that is stored.
func (s *Service) stamp(created, updated *db.Time, isNew bool) {
	now := db.TimeOf(s.c.Now())
	if isNew {
		*created = now
	}
	*updated = now
}

func needLine(bad *errs.Fields, path string, v *string, required bool) {
	*v = cleanLine(*v)
	if required && *v == "" {
		bad.Add(path, "This is needed.")
	}
	if runes(*v) > maxLine {
		bad.Add(path, "At most %d characters.", maxLine)
	}
}

// wasNoun loads what a thing was before; nil when it is new.
func wasNoun[T any](n noun, deskID int64, id func(T) int64) func(tx *gorm.DB, v T) (*T, error) {
	return func(tx *gorm.DB, v T) (*T, error) {
		if id(v) == 0 {
			return nil, nil
		}
		was, err := oneNoun[T](tx, n, deskID, id(v))
		return &was, err
	}
}

func first[T any](list []T, err error) (T, error) {
	var none T
	if err != nil {
		return none, err
	}
	return list[0], nil
}

// mayRead refuses end users what only the desk's people look at.
func (a Actor) mayRead() error {
	if !a.staff() {
		return errNotAllowed()
	}
	return nil
}
