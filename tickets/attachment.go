package tickets

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"unicode"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// NewFile is a file to be attached.
type NewFile struct {
	Log    Log // "" means Public for AccessOwn, Private for others
	Name   string
	Marker string // makes attaching idempotent in the ticket; AccessSystem only
	Data   io.Reader
}

// Attach stores a file on a ticket: first on the disk, durably, then in the
// database, so that a row always has its file. A crash in between leaves a file
// that no row names, which Sweep removes.
//
// The error is TooLarge over Config.MaxFile and Invalid for a program or a file
// whose content is not what its name says (SEC-167).
func (s *Service) Attach(ctx context.Context, a Actor, id int64, f NewFile) (Attachment, error) {
	if err := a.mayWrite(); err != nil {
		return Attachment{}, err
	}
	out := Attachment{TicketID: id, Log: f.Log, Name: cleanFileName(f.Name), PersonID: a.PersonID, Author: cleanLine(a.Name)}
	if err := s.fileRules(a, f, &out); err != nil {
		return Attachment{}, err
	}
	if err := s.mayAttach(s.db.Read(ctx), a, id); err != nil {
		return Attachment{}, err
	}
	if out.Marker != "" {
		if was, err := attachmentWhere(s.db.Read(ctx), "ticket_id = ? AND marker = ?", id, out.Marker); err != nil || was != nil {
			return orZero(was), err
		}
	}
	random := make([]byte, 16)
	if _, err := io.ReadFull(s.c.Random, random); err != nil {
		return Attachment{}, fmt.Errorf("make an attachment's id: %w", err)
	}
	out.ID = hex.EncodeToString(random)
	if err := s.files().store(&out, f.Data); err != nil {
		return Attachment{}, err
	}
	kept := false
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		var err error
		kept, err = s.attach(tx, a, &out)
		return err
	})
	if !kept && !errs.Is(err, errs.Unavailable) { // then the row may be there after all
		s.files().remove(hex.EncodeToString(random))
	}
	return out, err
}

func orZero(f *Attachment) Attachment {
	if f == nil {
		return Attachment{}
	}
	return *f
}

func (s *Service) fileRules(a Actor, f NewFile, out *Attachment) error {
	switch {
	case a.Access == AccessSystem:
		out.Marker, out.PersonID = f.Marker, 0
	case a.Access == AccessOwn && f.Log == Private:
		return errNotAllowed()
	}
	if out.Log == "" {
		out.Log = Private
		if a.Access == AccessOwn {
			out.Log = Public
		}
	}
	var bad errs.Fields
	if out.Log != Public && out.Log != Private {
		bad.Add("log", "Choose public or private.")
	}
	if out.Marker != "" && !markerPattern.MatchString(out.Marker) {
		bad.Add("marker", "At most 80 letters, digits and :._-")
	}
	return bad.Err()
}

func (s *Service) mayAttach(tx *gorm.DB, a Actor, id int64) error {
	t, r, err := s.visible(tx, a, "t.id = ?", id)
	if err == nil && !r.changes(t) && a.Access != AccessOwn {
		err = errs.E(errs.Forbidden, "You may see this ticket, but not write to it.")
	}
	return err
}

// attach notes the stored file. With a marker that is there already, *f becomes
// the earlier file and the result is false.
func (s *Service) attach(tx *gorm.DB, a Actor, f *Attachment) (bool, error) {
	seq, err := bump(tx, a.DeskID)
	if err != nil {
		return false, err
	}
	if err := s.mayAttach(tx, a, f.TicketID); err != nil {
		return false, err
	}
	f.CreatedAt = db.TimeOf(s.c.Now())
	added, err := insertAttachment(tx, f)
	if err != nil {
		return false, err
	}
	if !added {
		was, err := attachmentWhere(tx, "ticket_id = ? AND marker = ?", f.TicketID, f.Marker)
		if err == nil && was == nil {
			err = fmt.Errorf("tickets: an attachment of ticket %d was neither stored nor found", f.TicketID)
		}
		*f = orZero(was)
		return false, err
	}
	return true, touchTicket(tx, f.TicketID, f.CreatedAt, seq)
}

// Attachments returns the files of a ticket, oldest first; to end users the
// public ones.
func (s *Service) Attachments(ctx context.Context, a Actor, id int64) ([]Attachment, error) {
	tx := s.db.Read(ctx)
	if _, _, err := s.visible(tx, a, "t.id = ?", id); err != nil {
		return nil, err
	}
	log := Log("")
	if !a.staff() {
		log = Public
	}
	return attachmentsOf(tx, id, log)
}

// OpenAttachment returns a file by its id; the caller closes it. What the actor
// may not see, and what is no id at all, is NotFound (SEC-170, SEC-171).
func (s *Service) OpenAttachment(ctx context.Context, a Actor, id string) (Attachment, *os.File, error) {
	none := errs.E(errs.NotFound, "There is no such file.")
	if !fileID.MatchString(id) {
		return Attachment{}, nil, none
	}
	tx := s.db.Read(ctx)
	f, err := attachmentWhere(tx, "id = ?", id)
	if err != nil {
		return Attachment{}, nil, err
	}
	if f == nil || !a.staff() && f.Log != Public {
		return Attachment{}, nil, none
	}
	if _, _, err := s.visible(tx, a, "t.id = ?", f.TicketID); err != nil {
		if errs.Is(err, errs.NotFound) {
			err = none
		}
		return Attachment{}, nil, err
	}
	file, err := s.files().open(id)
	if err != nil {
		return Attachment{}, nil, err
	}
	return *f, file, nil
}

// AttachmentPath returns the path of an attachment in the API.
func AttachmentPath(id string) string { return "/api/v1/attachments/" + id }

// ServedType returns the content type under which a file is sent: its own for
// the few picture formats that no browser runs, octet-stream for the rest
// (SEC-166). Senders add "nosniff", a sandbox policy and an attachment
// disposition.
func (f Attachment) ServedType() string {
	switch f.Type {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return f.Type
	}
	return "application/octet-stream"
}

// cleanFileName keeps the last part of a name, without control characters and
// marks that turn the direction of writing (SEC-169). It is only ever shown.
func cleanFileName(s string) string {
	s = path.Base(strings.ReplaceAll(cleanLine(s), `\`, "/"))
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || strings.ContainsRune(`/:*?"<>|`, r) {
			return -1
		}
		return r
	}, s))
	if r := []rune(s); len(r) > 150 {
		ext := []rune(path.Ext(s))
		if len(ext) > 12 {
			ext = nil
		}
		s = string(r[:150-len(ext)]) + string(ext)
	}
	if strings.Trim(s, ".") == "" {
		return "file"
	}
	return s
}
