package bridge

import (
	"context"
	"fmt"
	"strings"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// pageSize is how many tickets a list shows at a time.
const pageSize = 8

// linked lists the tickets of this conversation.
func (c *card) linked(ctx context.Context) (intercom.Canvas, error) {
	links, _, err := c.state(ctx)
	if err != nil {
		return intercom.Canvas{}, err
	}
	page, from := c.page(), 0
	if from = (page - 1) * pageSize; from >= len(links) {
		page, from = 1, 0
	}
	var ts []desk.Ticket
	for _, l := range links[from:min(from+pageSize, len(links))] {
		t, err := c.w.desk.Ticket(ctx, l.key(), []string{c.w.setup.SubtitleAttribute()})
		if errs.Is(err, errs.NotFound) {
			t = desk.Ticket{Key: l.key(), Ref: l.TicketRef, StatusLabel: "No longer in the ticket system"}
		} else if err != nil {
			return intercom.Canvas{}, err
		}
		ts = append(ts, t)
	}
	return c.list("Linked tickets", idLinked, idViewLinked, ts, len(links), page, idHome), nil
}

// ongoing lists the caller's tickets that are not in an excluded state.
func (c *card) ongoing(ctx context.Context) (intercom.Canvas, error) {
	caller, err := c.caller(ctx)
	if err != nil {
		return intercom.Canvas{}, err
	}
	if caller.ID == "" {
		return canvas(intercom.Header("Ongoing tickets"), intercom.Paragraph("This person is not known in the ticket system."), back(idHome)), nil
	}
	n := c.page()
	found, err := c.w.desk.Find(ctx, c.ongoingFilter(caller, pageSize, (n-1)*pageSize))
	if err != nil {
		return intercom.Canvas{}, err
	}
	return c.list("Ongoing tickets of "+caller.Name, idOngoing, idViewOngoing, found.Tickets, found.Total, n, idHome), nil
}

func (c *card) ongoingFilter(caller desk.Person, limit, offset int) desk.Filter {
	return desk.Filter{Class: c.w.class, CallerID: caller.ID, ExcludeStates: c.w.setup.ExcludedStates(),
		Attributes: []string{c.w.setup.SubtitleAttribute()}, Limit: limit, Offset: offset}
}

// search asks for a ref or words, and lists what it finds.
func (c *card) search(ctx context.Context) (intercom.Canvas, error) {
	words := c.req.Input(idSearchWords)
	if words == "" && len(c.args) > 0 {
		words = c.req.Stored(keyWords)
	}
	words = cut(strings.TrimSpace(words), 200)
	box := intercom.Input{ID: idSearchWords, Label: "Search tickets", Placeholder: "R-000001, or words", Value: words}
	box.Action = intercom.Submit()
	button := intercom.SubmitButton(idSearch, "Search", intercom.StylePrimary)
	if words == "" {
		return canvas(box, button, back(idHome)), nil
	}
	caller, err := c.caller(ctx)
	if err != nil {
		return intercom.Canvas{}, err
	}
	n := c.page()
	found, err := c.w.desk.Find(ctx, desk.Filter{Class: c.w.class, Words: words, OrgID: caller.OrgID, Scope: c.w.scope(c.req.WorkspaceID),
		Attributes: []string{c.w.setup.SubtitleAttribute()}, Limit: pageSize, Offset: (n - 1) * pageSize})
	if err != nil {
		return intercom.Canvas{}, err
	}
	out := c.list(plural(found.Total, "ticket found", "tickets found"), idSearch, idViewFound, found.Tickets, found.Total, n, idHome)
	out.Components = append([]intercom.Component{box, button}, out.Components...)
	out.StoredData = map[string]any{keyWords: words}
	return out, nil
}

// list draws a page of tickets with its neighbours.
func (c *card) list(title, self, view string, ts []desk.Ticket, total, page int, up string) intercom.Canvas {
	out := canvas(intercom.Header(intercom.Escape(title)))
	if len(ts) == 0 {
		out.Components = append(out.Components, intercom.Muted("There are none."), back(up))
		return out
	}
	items := make([]intercom.Item, len(ts))
	for i, t := range ts {
		items[i] = intercom.SubmitItem(view+sep+t.Key.String(), t.Ref)
		items[i].Subtitle = t.StatusLabel
		if v, ok := t.Value(c.w.setup.SubtitleAttribute()); ok {
			items[i].TertiaryText = cut(v.Text, 120)
		}
	}
	out.Components = append(out.Components, intercom.List{Items: items})
	pages := (total + pageSize - 1) / pageSize
	if pages > 1 {
		out.Components = append(out.Components, intercom.Muted(fmt.Sprintf("Page %d of %d, %d in all", page, pages, total)))
		if page < pages {
			out.Components = append(out.Components, intercom.SubmitButton(fmt.Sprintf("%s%s%d", self, sep, page+1), "Next page", intercom.StyleSecondary))
		}
		if page > 1 {
			out.Components = append(out.Components, intercom.SubmitButton(fmt.Sprintf("%s%s%d", self, sep, page-1), "Previous page", intercom.StyleLink))
		}
	}
	out.Components = append(out.Components, back(up))
	return out
}
