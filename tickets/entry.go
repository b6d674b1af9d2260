package tickets

import (
	"context"
	"regexp"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// Disclaimer is the sentence that views print above an entry whose Synced is
// set, after the desk's own words (IC-37).
const Disclaimer = "Message synchronized from the Intercom conversation"

// Log names one of a ticket's two logs.
type Log string

// The logs. Only Public is ever shown to callers (IC-20, SEC-033).
const (
	Public  Log = "public"
	Private Log = "private"
)

// Entry is one line of a log.
type Entry struct {
	ID       int64
	TicketID int64
	Log      Log
	At       db.Time
	PersonID int64  // the author, when the desk knows them
	Author   string `gorm:"column:author_name"`
	HTML     string `gorm:"column:html"` // sanitised
	Marker   string // unique in the ticket; "" for entries that people wrote here
	Source   string // address behind the disclaimer
	Synced   bool   // views print the Disclaimer above it
	ByDesk   bool   // written here, not brought by the bridge
}

// NewEntry is an entry to be appended. Only AccessSystem may set At, PersonID,
// Author, Marker, Source and Synced; for others they come from the actor and
// the clock.
type NewEntry struct {
	Log      Log
	HTML     string // it is sanitised
	At       db.Time
	PersonID int64
	Author   string
	Marker   string // at most 80 bytes of [A-Za-z0-9:._-]
	Source   string
	Synced   bool
}

// Attachment is a file on a ticket.
type Attachment struct {
	ID        string // 128 random bits, in hex
	TicketID  int64
	Log       Log    // Public: the caller may see it
	Name      string // as given, without directories and control characters
	Type      string // sniffed MIME type
	Size      int64
	SHA256    string `gorm:"column:sha256"`
	Marker    string
	PersonID  int64
	Author    string `gorm:"column:author_name"`
	CreatedAt db.Time
}

// AttributeChange is one line of a ticket's history.
type AttributeChange struct {
	ID        int64
	TicketID  int64
	At        db.Time
	UserID    int64
	Actor     string `gorm:"column:actor_name"`
	Attribute string
	Old       string `gorm:"column:old_value"`
	New       string `gorm:"column:new_value"`
}

var markerPattern = regexp.MustCompile(`^[A-Za-z0-9:._-]{1,80}$`)

// AppendEntries adds entries in the given order, all or none, in one
// transaction. It is idempotent by NewEntry.Marker: an entry whose marker the
// ticket has already is not written again, and the one that is there is
// returned in its place. End users write to the public log only.
func (s *Service) AppendEntries(ctx context.Context, a Actor, id int64, list []NewEntry) ([]Entry, error) {
	if err := a.mayWrite(); err != nil {
		return nil, err
	}
	var out []Entry
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		out = nil
		seq, err := bump(tx, a.DeskID)
		if err != nil {
			return err
		}
		t, r, err := s.visible(tx, a, "t.id = ?", id)
		if err != nil {
			return err
		}
		if !r.changes(t) && a.Access != AccessOwn {
			return errs.E(errs.Forbidden, "You may see this ticket, but not write to it.")
		}
		out, err = s.appendAll(tx, a, t, list, seq)
		return err
	})
	return out, err
}

func (s *Service) appendAll(tx *gorm.DB, a Actor, t *Ticket, list []NewEntry, seq int64) ([]Entry, error) {
	doc, err := searchDocOf(tx, t.ID)
	if err != nil {
		return nil, err
	}
	public, private := newWordSet(doc.Public), newWordSet(doc.Private)
	fresh, out := false, make([]Entry, 0, len(list))
	for _, n := range list {
		e, err := s.entry(a, t, n)
		if err != nil {
			return nil, err
		}
		added, err := s.addEntry(tx, a, t, e, public, private)
		if err != nil {
			return nil, err
		}
		fresh = fresh || added
		out = append(out, *e)
	}
	if !fresh {
		return out, nil
	}
	if err := touchTicket(tx, t.ID, db.TimeOf(s.c.Now()), seq); err != nil {
		return nil, err
	}
	after := searchDoc{Scope: doc.Scope, Public: public.String(), Private: private.String()}
	if after == doc {
		return out, nil // every word was there already
	}
	return out, updateSearch(tx, t.ID, after)
}

// entry makes a valid entry of what was asked for.
func (s *Service) entry(a Actor, t *Ticket, n NewEntry) (*Entry, error) {
	now := db.TimeOf(s.c.Now())
	e := &Entry{TicketID: t.ID, Log: n.Log, At: now, PersonID: a.PersonID, Author: cleanLine(a.Name), HTML: CleanHTML(n.HTML), ByDesk: true}
	var bad errs.Fields
	if a.Access == AccessSystem {
		e.ByDesk, e.PersonID, e.Author = false, n.PersonID, cleanLine(n.Author)
		e.Marker, e.Source, e.Synced = n.Marker, n.Source, n.Synced
		if !n.At.IsZero() {
			e.At = db.TimeOf(n.At.Time)
		}
	} else if e.HTML == "" {
		bad.Add("html", "Write something.")
	}
	if a.Access == AccessOwn && e.Log != Public {
		return nil, errNotAllowed()
	}
	if e.Log != Public && e.Log != Private {
		bad.Add("log", "Choose public or private.")
	}
	if len(n.HTML) > maxHTML {
		bad.Add("html", "At most %d KiB.", maxHTML>>10)
	}
	if e.Marker != "" && !markerPattern.MatchString(e.Marker) {
		bad.Add("marker", "At most 80 letters, digits and :._-")
	}
	if e.Source != "" && !isWebAddress(e.Source) {
		e.Source = ""
	}
	return e, bad.Err()
}

// addEntry stores the entry, puts its words among those of its log and tells
// Notify. When the ticket has its marker already, *e becomes the one that is
// there, and the result is false.
func (s *Service) addEntry(tx *gorm.DB, a Actor, t *Ticket, e *Entry, public, private *wordSet) (bool, error) {
	e.TicketID = t.ID
	if e.PersonID != 0 {
		p, err := personOf(tx, a.DeskID, e.PersonID)
		switch {
		case errs.Is(err, errs.NotFound):
			e.PersonID = 0 // removed meanwhile; the name is what counts
		case err != nil:
			return false, err
		case e.Author == "":
			e.Author = p.Friendlyname
		}
	}
	if e.Author == "" {
		e.Author = "Unknown"
	}
	added, err := insertEntry(tx, e, db.TimeOf(s.c.Now()))
	if err != nil || !added {
		return false, err
	}
	text := TextFromHTML(e.HTML)
	if e.Log == Public {
		public.add(text)
	} else {
		private.add(text)
	}
	if e.Log == Public {
		if err := publishAttachments(tx, t.ID, e.HTML); err != nil {
			return false, err
		}
	}
	return true, s.notify(tx, a, Change{Kind: Appended, At: e.At.Time, EntryID: e.ID, Entry: e}, t)
}

// Entries returns the log in the order in which it was written, both logs when
// log is "". End users get the public one whatever they ask for (SEC-033).
func (s *Service) Entries(ctx context.Context, a Actor, id int64, log Log) ([]Entry, error) {
	tx := s.db.Read(ctx)
	if _, _, err := s.visible(tx, a, "t.id = ?", id); err != nil {
		return nil, err
	}
	if !a.staff() {
		if log == Private {
			return []Entry{}, nil
		}
		log = Public
	}
	return entriesOf(tx, id, log)
}

// History returns what was changed, oldest first. End users do not see it.
func (s *Service) History(ctx context.Context, a Actor, id int64) ([]AttributeChange, error) {
	tx := s.db.Read(ctx)
	if _, _, err := s.visible(tx, a, "t.id = ?", id); err != nil {
		return nil, err
	}
	if err := a.mayRead(); err != nil {
		return nil, err
	}
	return changesOf(tx, id)
}

// ChangedSince returns those of the tickets that changed after the given
// ChangeSeq (attributes, logs or attachments), and the number to ask from next.
// A negative number means "from now on".
func (s *Service) ChangedSince(ctx context.Context, a Actor, seq int64, ids []int64) ([]int64, int64, error) {
	if a.Access < AccessSystem {
		return nil, 0, errNotAllowed()
	}
	tx := s.db.Read(ctx)
	next, err := lastChange(tx, a.DeskID) // before the list: what comes between is seen twice, never missed
	if err != nil || seq < 0 || len(ids) == 0 || seq >= next {
		return nil, next, err
	}
	changed, err := changedAmong(tx, a.DeskID, seq, ids)
	return changed, next, err
}
