package bridge

import (
	"context"
	"errors"
	"fmt"
	"html"
	"path"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"
	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
)

const (
	inBatch = 100 // rows carried over before they are recorded
	// fileTries is how often an attachment's download is tried before the
	// message goes without it: better a message without its file than no message.
	fileTries = 5
)

// inbound carries a link's pending parts into the ticket's logs, in order. It
// stops at the first row that may work later, and returns why.
func (s *Service) inbound(ctx context.Context, w *live, c conversationRow, l linkRow) error {
	for {
		rows, err := pendingLedger(s.db.Read(ctx), l.ID, dirIn, inBatch)
		if err != nil || len(rows) == 0 {
			return err
		}
		ids, err := s.carry(ctx, w, c, l, rows)
		if rerr := s.recordIn(ctx, rows[:len(ids)], ids); rerr != nil {
			return rerr
		}
		if err == nil {
			continue
		}
		if err := s.tried(ctx, rows[len(ids):len(ids)+1], err); err != nil {
			return err
		}
	}
}

// carry writes as many of the rows as go in one piece and returns their ids:
// messages up to the first row that is only about files, or that row alone.
func (s *Service) carry(ctx context.Context, w *live, c conversationRow, l linkRow, rows []ledgerRow) ([]string, error) {
	if part, ok := strings.CutPrefix(rows[0].Source, filesOf); ok {
		p, err := partByRemote(s.db.Read(ctx), c.ID, part)
		if err != nil || p == nil || p.Redacted {
			return []string{""}, err
		}
		if _, err := s.attach(ctx, w, l.key(), *p, p.HTML, rows[0].Attempts+1 >= fileTries); err != nil {
			return nil, err
		}
		return []string{marker(c, *p)}, nil
	}
	n := slices.IndexFunc(rows, func(r ledgerRow) bool { return strings.HasPrefix(r.Source, filesOf) })
	if n < 0 {
		n = len(rows)
	}
	entries, err := s.entries(ctx, w, c, l, rows[:n])
	if len(entries) == 0 {
		return nil, err
	}
	ids, aerr := w.desk.Append(ctx, l.key(), entries)
	if aerr != nil {
		return ids, aerr
	}
	return ids, err
}

// filesOf begins the source of a row that carries a copied part's files.
const filesOf = "files:"

func (s *Service) recordIn(ctx context.Context, rows []ledgerRow, ids []string) error {
	if len(rows) == 0 {
		return nil
	}
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		for i, r := range rows {
			if err := ledgerDone(tx, r.ID, ids[i], s.now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// tried notes a failure on the first row. It returns nil when the row has
// failed for good, so that the next one has its turn, and the error otherwise.
func (s *Service) tried(ctx context.Context, rows []ledgerRow, cause error) error {
	if len(rows) == 0 || errors.Is(cause, context.Canceled) {
		return cause
	}
	final := permanent(cause)
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		return ledgerTried(tx, rows[0].ID, problem(cause), final, s.now())
	})
	if err != nil {
		return err
	}
	if final {
		s.log.Warn("row failed", "ledger", rows[0].ID, "direction", rows[0].Direction, "error", cause)
		return nil
	}
	return cause
}

// permanent reports whether trying again cannot help.
func permanent(err error) bool {
	switch errs.KindOf(err) {
	case errs.Invalid, errs.NotFound, errs.TooLarge, errs.Conflict:
		return true
	}
	return false
}

// problem is what the ledger shows about a failure.
func problem(err error) string {
	t := errs.Text(err)
	for _, f := range errs.FieldsOf(err) {
		t += " " + f.Path + ": " + f.Text
	}
	return t
}

// entries turns rows into entries, with their files on the ticket already, up to
// the first one that fails.
func (s *Service) entries(ctx context.Context, w *live, c conversationRow, l linkRow, rows []ledgerRow) ([]desk.Entry, error) {
	out := make([]desk.Entry, 0, len(rows))
	sources := make([]string, len(rows))
	for i, r := range rows {
		sources[i] = r.Source
	}
	parts, err := partsByRemote(s.db.Read(ctx), c.ID, sources)
	if err != nil {
		return out, err
	}
	type speaker struct{ kind, id, name, email string }
	known := map[speaker]desk.Author{} // few people say many messages
	for _, r := range rows {
		p, stored := parts[r.Source]
		if !stored {
			return out, errs.E(errs.NotFound, "The message is no longer stored.")
		}
		who := speaker{p.AuthorType, p.AuthorID, p.AuthorName, p.AuthorEmail}
		author, met := known[who]
		if !met {
			if author, err = w.author(ctx, c, p); err != nil {
				return out, err
			}
			known[who] = author
		}
		e := w.entry(c, p, author)
		e.Synced = true
		if e.HTML, err = s.attach(ctx, w, l.key(), p, e.HTML, r.Attempts+1 >= fileTries); err != nil {
			return out, err
		}
		out = append(out, e)
	}
	return out, nil
}

// entry is a part as a log entry, without its files.
func (s *Service) entry(ctx context.Context, w *live, c conversationRow, p partRow) (desk.Entry, error) {
	a, err := w.author(ctx, c, p)
	if err != nil {
		return desk.Entry{}, err
	}
	return w.entry(c, p, a), nil
}

func (w *live) entry(c conversationRow, p partRow, a desk.Author) desk.Entry {
	return desk.Entry{
		Marker: marker(c, p), Source: w.conversationURL(c), Log: desk.Log(p.Log), At: p.SaidAt.Time, Author: a, HTML: p.HTML,
	}
}

// marker names a part within a ticket. Both ids are Intercom's.
func marker(c conversationRow, p partRow) string { return "ic:" + c.RemoteID + ":" + p.RemoteID }

// attach copies a part's files and inline pictures onto the ticket, because
// Intercom's addresses expire, and returns the body with its pictures replaced
// and its files named. With giveUp, a file that cannot be had is only named.
func (s *Service) attach(ctx context.Context, w *live, key desk.Key, p partRow, body string, giveUp bool) (string, error) {
	n := 0
	var fail error
	put := func(a Attachment) string {
		n++
		if fail != nil {
			return ""
		}
		text, err := s.attachOne(ctx, w, key, fmt.Sprintf("%s-%d", p.RemoteID, n), desk.Log(p.Log), a)
		switch {
		case err == nil:
			return text
		case permanent(err) || errs.Is(err, errs.Forbidden) || giveUp:
			s.log.Warn("attachment not copied", "part", p.RemoteID, "ticket", key.String(), "error", err)
			return fmt.Sprintf("<i>[%s could not be copied from Intercom]</i>", html.EscapeString(fileName(a)))
		}
		fail = err
		return ""
	}
	body = imageTag.ReplaceAllStringFunc(body, func(tag string) string {
		m := imageSource.FindStringSubmatch(tag)
		if m == nil {
			return ""
		}
		return put(Attachment{URL: html.UnescapeString(m[1])})
	})
	for _, a := range p.files() {
		body += "<p>" + put(a) + "</p>"
	}
	return body, fail
}

func (s *Service) attachOne(ctx context.Context, w *live, key desk.Key, mark string, log desk.Log, a Attachment) (string, error) {
	data, err := w.channel.Download(ctx, a.URL, s.maxFile)
	if err != nil {
		return "", err
	}
	name, kind := fileName(a), mimetype.Detect(data)
	if path.Ext(name) == "" {
		name += kind.Extension()
	}
	at, err := w.desk.Attach(ctx, key, desk.File{Marker: mark, Log: log, Name: name, Type: kind.String(), Data: data})
	if err != nil {
		return "", err
	}
	if at == "" {
		return fmt.Sprintf("<i>[attached: %s]</i>", html.EscapeString(name)), nil
	}
	return fmt.Sprintf(`<a href="%s">%s</a>`, html.EscapeString(at), html.EscapeString(name)), nil
}

// fileName is a file's name without any path, or one made from its address.
func fileName(a Attachment) string {
	name := a.Name
	if name == "" {
		u, _, _ := strings.Cut(a.URL, "?")
		name = u
	}
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, path.Base(strings.ReplaceAll(name, `\`, "/")))
	if name == "" || name == "." || name == "/" {
		return "file"
	}
	if r := []rune(name); len(r) > 120 {
		name = string(r[len(r)-120:])
	}
	return name
}
