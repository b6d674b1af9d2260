package builtin

import (
	"bytes"
	"context"
	"strconv"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/tickets"
)

// Append adds entries, once for each marker, in one transaction: all or none.
// What it returns is committed.
func (d *Desk) Append(ctx context.Context, key desk.Key, entries []desk.Entry) ([]string, error) {
	t, err := d.ticket(ctx, key)
	if err != nil {
		return nil, err
	}
	list, err := newEntries(entries)
	if err != nil {
		return nil, err
	}
	written, err := d.s.AppendEntries(ctx, d.actor, t.ID, list)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(written))
	for _, e := range written {
		ids = append(ids, rawID(e.ID))
	}
	return ids, nil
}

// newEntries turns the bridge's entries into the domain's. Every one needs a
// marker: without it a second try would write it twice.
func newEntries(entries []desk.Entry) ([]tickets.NewEntry, error) {
	var out []tickets.NewEntry
	for _, e := range entries {
		if e.Marker == "" {
			return nil, errs.InvalidField("marker", "An entry needs a marker.")
		}
		n := tickets.NewEntry{
			Log: tickets.Log(e.Log), HTML: e.HTML, At: db.TimeOf(e.At), Author: e.Author.Name, Marker: e.Marker, Source: e.Source, Synced: e.Synced,
		}
		if e.Author.Class == "" || e.Author.Class == tickets.PersonClass {
			n.PersonID = idOf(e.Author.PersonID)
		}
		out = append(out, n)
	}
	return out, nil
}

// Entries returns all entries of both logs in the order of writing.
func (d *Desk) Entries(ctx context.Context, key desk.Key) ([]desk.Entry, error) {
	t, err := d.ticket(ctx, key)
	if err != nil {
		return nil, err
	}
	list, err := d.s.Entries(ctx, d.actor, t.ID, "")
	if err != nil {
		return nil, err
	}
	out := make([]desk.Entry, 0, len(list))
	for _, e := range list {
		author := desk.Author{Name: e.Author}
		if e.PersonID != 0 {
			author.PersonID, author.Class = rawID(e.PersonID), tickets.PersonClass
		}
		out = append(out, desk.Entry{
			ID: rawID(e.ID), Marker: e.Marker, Source: e.Source, Log: desk.Log(e.Log), At: e.At.Time, Author: author, HTML: e.HTML, Synced: e.Synced, ByDesk: e.ByDesk,
		})
	}
	return out, nil
}

// Attach stores a file, once for each marker, and returns its address. It is
// for agents' eyes until a public entry of the ticket links to that address.
func (d *Desk) Attach(ctx context.Context, key desk.Key, f desk.File) (string, error) {
	t, err := d.ticket(ctx, key)
	if err != nil {
		return "", err
	}
	if f.Marker == "" {
		return "", errs.InvalidField("marker", "A file needs a marker.")
	}
	made, err := d.s.Attach(ctx, d.actor, t.ID, tickets.NewFile{Log: tickets.Log(f.Log), Name: f.Name, Marker: f.Marker, Data: bytes.NewReader(f.Data)})
	if err != nil {
		return "", err
	}
	return d.c.PublicURL + tickets.AttachmentPath(made.ID), nil
}

// Changed returns those of the given tickets that changed after the cursor: the
// number of the desk's last change.
func (d *Desk) Changed(ctx context.Context, cursor string, among []desk.Key) ([]desk.Key, string, error) {
	seq := int64(-1)
	if cursor != "" {
		var err error
		if seq, err = strconv.ParseInt(cursor, 10, 64); err != nil || seq < 0 {
			return nil, "", errs.E(errs.Invalid, "This is no cursor of the built-in desk.")
		}
	}
	by := map[int64]desk.Key{}
	ids := make([]int64, 0, len(among))
	for _, k := range among {
		if id := idOf(k.ID); id != 0 {
			by[id] = k
			ids = append(ids, id)
		}
	}
	changed, next, err := d.s.ChangedSince(ctx, d.actor, seq, ids)
	if err != nil {
		return nil, "", err
	}
	var out []desk.Key
	for _, id := range changed {
		out = append(out, by[id])
	}
	return out, strconv.FormatInt(next, 10), nil
}
