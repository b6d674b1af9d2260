package portal

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/deskbridge/deskbridge/tickets"
)

// maxWords is how much of a search is looked at.
const maxWords = 200

// listFilter is what a list was asked for, as its address says it.
type listFilter struct {
	Status string
	Words  string
	Sort   string
	Page   int
}

// statusGroups are the states as end users tell them apart, in the order of the
// tabs.
func statusGroups() []statusGroup {
	return []statusGroup{
		{"all", nil},
		{"open", []tickets.Status{tickets.StatusNew, tickets.StatusAssigned}},
		{"waiting", []tickets.Status{tickets.StatusPending}},
		{"resolved", []tickets.Status{tickets.StatusResolved}},
		{"closed", []tickets.Status{tickets.StatusClosed, tickets.StatusRejected}},
	}
}

type statusGroup struct {
	name   string
	states []tickets.Status
}

// sorts are the orders of the list and their names in the address.
func sorts() []sortOrder {
	return []sortOrder{
		{"updated", tickets.SortUpdated}, {"newest", tickets.SortNewest}, {"oldest", tickets.SortOldest}, {"priority", tickets.SortPriority},
	}
}

type sortOrder struct {
	name string
	by   tickets.Sort
}

// readFilter takes what it understands from the address and the usual for the
// rest: a link that somebody shortened still shows a list.
func readFilter(v *visit) (listFilter, tickets.Filter) {
	f := listFilter{Status: "all", Sort: "updated", Words: strings.TrimSpace(strings.ToValidUTF8(v.Query("q"), "")), Page: 1}
	if r := []rune(f.Words); len(r) > maxWords {
		f.Words = string(r[:maxWords])
	}
	if n, err := strconv.Atoi(v.Query("page")); err == nil && n > 1 && n < 1_000_000 {
		f.Page = n
	}
	q := tickets.Filter{Words: f.Words, Sort: tickets.SortUpdated, Limit: perPage, Offset: (f.Page - 1) * perPage}
	for _, g := range statusGroups() {
		if g.name == v.Query("status") {
			f.Status, q.States = g.name, g.states
		}
	}
	for _, s := range sorts() {
		if s.name == v.Query("sort") {
			f.Sort, q.Sort = s.name, s.by
		}
	}
	return f, q
}

// link is the address of a list; what is as usual is left out.
func (f listFilter) link() string {
	q := url.Values{}
	set := func(key, value, usual string) {
		if value != usual {
			q.Set(key, value)
		}
	}
	set("status", f.Status, "all")
	set("q", f.Words, "")
	set("sort", f.Sort, "updated")
	set("page", strconv.Itoa(f.Page), "1")
	if len(q) == 0 {
		return root + "/tickets"
	}
	return root + "/tickets?" + q.Encode()
}

// listPage is the page of own tickets.
type listPage struct {
	listFilter
	Tabs           []tab
	Sorts          []choice
	Rows           []row
	Total          int
	From, To       int
	Pages          int
	Previous, Next string // addresses, "" for none
	Clear          string // the list without the search
	None           bool   // there is no ticket at all
}

type tab struct {
	Name, Link string
	Count      int
	Current    bool
}

type choice struct {
	Value, Label string
	Selected     bool
}

type row struct {
	Ref, Link, Title, Service string
	Status                    tickets.Status
	Opened, Updated           time.Time
}

func (p *Portal) list(v *visit) error {
	if v.who.PersonID == 0 {
		p.show(v, http.StatusOK, "nobody", v.T("list.title"), nil)
		return nil
	}
	f, q := readFilter(v)
	found, err := p.tickets.List(v.ctx(), v.actor(), q)
	if err != nil {
		return err
	}
	if len(found.Tickets) == 0 && f.Page > 1 { // the list has become shorter
		f.Page = max(1, (found.Total+perPage-1)/perPage)
		v.see(f.link())
		return nil
	}
	page := listPage{listFilter: f, Total: found.Total, Pages: (found.Total + perPage - 1) / perPage, From: q.Offset + 1, To: q.Offset + len(found.Tickets)}
	for _, t := range found.Tickets {
		page.Rows = append(page.Rows, row{Ref: t.Ref, Link: ticketPath(t), Title: t.Title, Service: t.ServiceName, Status: t.Status,
			Opened: t.StartDate.In(p.conf.Location), Updated: t.LastUpdate.In(p.conf.Location)})
	}
	if page.Tabs, err = p.tabs(v, f, q); err != nil {
		return err
	}
	for _, s := range sorts() {
		page.Sorts = append(page.Sorts, choice{s.name, v.T("sort." + s.name), s.name == f.Sort})
	}
	page.None = f.Words == "" && page.Tabs[0].Count == 0
	page.neighbours()
	p.show(v, http.StatusOK, "list", v.T("list.title"), page)
	return nil
}

// neighbours fills in the addresses around the page.
func (l *listPage) neighbours() {
	at := func(change func(f *listFilter)) string {
		f := l.listFilter
		change(&f)
		return f.link()
	}
	if l.Page > 1 {
		l.Previous = at(func(f *listFilter) { f.Page-- })
	}
	if l.Page < l.Pages {
		l.Next = at(func(f *listFilter) { f.Page++ })
	}
	l.Clear = at(func(f *listFilter) { f.Words, f.Page = "", 1 })
}

// tabs counts the visitor's tickets in each group of states.
func (p *Portal) tabs(v *visit, f listFilter, q tickets.Filter) ([]tab, error) {
	groups := statusGroups()
	out := make([]tab, len(groups))
	for i, g := range groups {
		link := f
		link.Status, link.Page = g.name, 1
		out[i] = tab{Name: g.name, Link: link.link(), Current: g.name == f.Status}
		if i == 0 {
			continue // all are the sum of the others
		}
		n, err := p.tickets.Count(v.ctx(), v.actor(), tickets.Filter{Words: q.Words, States: g.states})
		if err != nil {
			return nil, err
		}
		out[i].Count = n
		out[0].Count += n
	}
	return out, nil
}

func ticketPath(t tickets.Ticket) string { return root + "/tickets/" + t.Ref }
