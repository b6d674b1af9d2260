package tickets

import (
	"fmt"
	"strings"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/internal/db"
)

// searchDoc is what the full-text index holds about a ticket: distinct folded
// words, joined by blanks.
type searchDoc struct {
	Scope   string
	Public  string // title, description, ref and public log
	Private string // private log and agents' notes
}

func insertSearch(tx *gorm.DB, id int64, d searchDoc) error {
	q := "INSERT INTO ticket_search (docid, scope, public, private) VALUES (?, ?, ?, ?)"
	args := []any{id, d.Scope, d.Public, d.Private}
	if isPostgres(tx) {
		q = `INSERT INTO ticket_search (ticket_id, scope, public, private, public_words, all_words)
			VALUES (?, ?, ?, ?, array_to_tsvector(string_to_array(?, ' ')), array_to_tsvector(string_to_array(?, ' ')))`
		args = append(args, d.publicWords(), d.allWords())
	}
	if _, err := db.Exec(tx, q, args...); err != nil {
		return fmt.Errorf("index a ticket: %w", err)
	}
	return nil
}

func updateSearch(tx *gorm.DB, id int64, d searchDoc) error {
	q := "UPDATE ticket_search SET scope = ?, public = ?, private = ? WHERE docid = ?"
	args := []any{d.Scope, d.Public, d.Private, id}
	if isPostgres(tx) {
		q = `UPDATE ticket_search SET scope = ?, public = ?, private = ?, public_words = array_to_tsvector(string_to_array(?, ' ')),
			all_words = array_to_tsvector(string_to_array(?, ' ')) WHERE ticket_id = ?`
		args = []any{d.Scope, d.Public, d.Private, d.publicWords(), d.allWords(), id}
	}
	if _, err := db.Exec(tx, q, args...); err != nil {
		return fmt.Errorf("index a ticket: %w", err)
	}
	return nil
}

func (d searchDoc) publicWords() string { return strings.TrimSpace(d.Scope + " " + d.Public) }
func (d searchDoc) allWords() string    { return strings.TrimSpace(d.publicWords() + " " + d.Private) }

func searchDocOf(tx *gorm.DB, id int64) (searchDoc, error) {
	var d []searchDoc
	q := "SELECT scope, public, private FROM ticket_search WHERE docid = ?"
	if isPostgres(tx) {
		q = "SELECT scope, public, private FROM ticket_search WHERE ticket_id = ?"
	}
	if err := tx.Raw(q, id).Scan(&d).Error; err != nil {
		return searchDoc{}, fmt.Errorf("read the index of a ticket: %w", err)
	}
	if len(d) == 0 {
		return searchDoc{}, fmt.Errorf("tickets: ticket %d is not in the search index", id)
	}
	return d[0], nil
}

// find is a search: what must be there, and for the few filters that the index
// does not know, a condition on tickets t.
type find struct {
	q          query
	publicOnly bool
	scope      [][]string // of each list any one
	rest       *conditions
}

// match writes the search in FTS4's language. Words consist of letters and
// digits only, so nothing in it can be an operator: those are in capitals.
func (w find) match() string {
	var parts []string
	for _, alt := range w.scope {
		if len(alt) == 1 {
			parts = append(parts, alt[0])
		} else {
			parts = append(parts, "("+strings.Join(alt, " OR ")+")")
		}
	}
	column := ""
	if w.publicOnly {
		column = "public:"
	}
	for _, word := range w.q.words {
		parts = append(parts, column+word)
	}
	if w.q.prefix != "" {
		parts = append(parts, column+w.q.prefix+"*")
	}
	return strings.Join(parts, " ")
}

// tsquery writes the search in PostgreSQL's language.
func (w find) tsquery() string {
	var parts []string
	for _, alt := range w.scope {
		parts = append(parts, "('"+strings.Join(alt, "' | '")+"')")
	}
	for _, word := range w.q.words {
		parts = append(parts, "'"+word+"'")
	}
	if w.q.prefix != "" {
		parts = append(parts, "'"+w.q.prefix+"':*")
	}
	return strings.Join(parts, " & ")
}

// search returns a page of ids, newest first, and how many match in all.
func search(tx *gorm.DB, f find, limit, offset int) ([]int64, int, error) {
	key, from, args := "docid", "ticket_search WHERE ticket_search MATCH ?", []any{f.match()}
	if isPostgres(tx) {
		key, args = "ticket_id", []any{f.tsquery()}
		from = "ticket_search WHERE all_words @@ CAST(? AS tsquery)"
		if f.publicOnly {
			from = "ticket_search WHERE public_words @@ CAST(? AS tsquery)"
		}
	}
	if f.rest != nil {
		from += " AND " + key + " IN (SELECT t.id FROM tickets t WHERE " + f.rest.String() + ")"
		args = append(args, f.rest.args...)
	}
	var ids []int64
	if limit > 0 {
		page := append(append([]any{}, args...), limit, offset)
		err := tx.Raw("SELECT "+key+" FROM "+from+" ORDER BY "+key+" DESC LIMIT ? OFFSET ?", page...).Scan(&ids).Error
		if err != nil {
			return nil, 0, fmt.Errorf("search tickets: %w", err)
		}
		if lastPage(len(ids), limit, offset) {
			return ids, offset + len(ids), nil
		}
	}
	var total int
	if err := tx.Raw("SELECT count(*) FROM "+from, args...).Scan(&total).Error; err != nil {
		return nil, 0, fmt.Errorf("count the tickets found: %w", err)
	}
	return ids, total, nil
}

// lastPage reports whether a page tells by itself how many rows there are.
func lastPage(n, limit, offset int) bool { return n < limit && (n > 0 || offset == 0) }

// otherDesks reports whether the database holds more than this desk. Alone, a
// desk's own word in every search would only cost time.
func otherDesks(tx *gorm.DB, deskID int64) (bool, error) {
	var n int
	if err := tx.Raw("SELECT count(*) FROM desks WHERE id <> ?", deskID).Scan(&n).Error; err != nil {
		return false, fmt.Errorf("look for other desks: %w", err)
	}
	return n > 0, nil
}

func isPostgres(tx *gorm.DB) bool { return tx.Dialector.Name() == "postgres" }
