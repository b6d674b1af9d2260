package bridge

import (
	"context"
	"fmt"
	"time"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// home is the first card: what can be done, with true counts, and the state of
// the sync. It stays within Intercom's 400 pixels.
func (c *card) home(ctx context.Context) (intercom.Canvas, error) {
	links, failed, err := c.state(ctx)
	if err != nil {
		return intercom.Canvas{}, err
	}
	ongoing, err := c.ongoingItem(ctx)
	if err != nil {
		return intercom.Canvas{}, err
	}
	items := []intercom.Item{
		intercom.SubmitItem(idCreate, "Create a new ticket"),
		linkedItem(len(links)),
		ongoing,
		intercom.SubmitItem(idSearch, "Search tickets"),
	}
	if failed > 0 {
		items = append(items, intercom.SubmitItem(idFailed, plural(failed, "message could not be copied", "messages could not be copied")))
	}
	components := []intercom.Component{intercom.List{Items: items}}
	return canvas(append(components, syncState(links)...)...), nil
}

// state returns the conversation's links and how many of its rows have failed.
func (c *card) state(ctx context.Context) ([]linkRow, int, error) {
	if c.conv.ID == 0 {
		return nil, 0, nil
	}
	q := c.s.db.Read(ctx)
	links, err := linksOf(q, c.conv.ID)
	if err != nil {
		return nil, 0, err
	}
	failed, err := failedOf(q, c.w.id, c.conv.ID, failedShown)
	return links, len(failed), err
}

func linkedItem(n int) intercom.Item {
	if n == 0 {
		item := intercom.SubmitItem(idLinked, "No ticket linked to this conversation yet")
		item.Disabled = true
		return item
	}
	return intercom.SubmitItem(idLinked, plural(n, "linked ticket", "linked tickets"))
}

// ongoingItem counts the caller's open tickets. A desk that is too slow or down
// costs this one number, not the card.
func (c *card) ongoingItem(ctx context.Context) (intercom.Item, error) {
	item := intercom.SubmitItem(idOngoing, "")
	ctx, cancel := context.WithTimeout(ctx, countDeadline)
	defer cancel()
	caller, err := c.caller(ctx)
	var page desk.TicketPage
	if err == nil && caller.ID != "" {
		page, err = c.w.desk.Find(ctx, c.ongoingFilter(caller, 1, 0))
	}
	switch {
	case err != nil && (ctx.Err() != nil || errs.Is(err, errs.Upstream) || errs.Is(err, errs.Throttled)):
		c.s.log.Warn("ongoing tickets not counted", "workspace", c.w.slug, "error", err)
		item.Title, item.Subtitle = "Ongoing tickets of this person", "The ticket system does not answer. Open to try again."
	case err != nil:
		return item, err
	case caller.ID == "":
		item.Title, item.Disabled = "This person is not known in the ticket system", true
	default:
		item.Title = plural(page.Total, "ongoing ticket for this person", "ongoing tickets for this person")
		item.Disabled = page.Total == 0
	}
	return item, nil
}

// countDeadline is how long the home card waits for one number.
const countDeadline = 1500 * time.Millisecond

// syncState says whether messages are copied, and offers to change it.
func syncState(links []linkRow) []intercom.Component {
	on := 0
	for _, l := range links {
		if l.Active {
			on++
		}
	}
	head := []intercom.Component{spacer(intercom.SizeS), intercom.Header("Linked tickets")}
	switch {
	case len(links) == 0:
		return append(head, intercom.Muted("Create or link a ticket to copy this conversation to it."))
	case on == len(links):
		return append(head,
			intercom.Paragraph("New messages are copied to the linked tickets."),
			intercom.SubmitButton(idPause, "Pause sync", intercom.StyleSecondary))
	case on == 0:
		head = append(head, intercom.Paragraph("Sync is paused: new messages are not copied."))
	default:
		head = append(head, intercom.ErrorText(fmt.Sprintf("Only %d of %d tickets are kept in sync.", on, len(links))))
	}
	return append(head,
		intercom.SubmitButton(idResume, "Resume sync", intercom.StylePrimary),
		intercom.SubmitButton(idCatchUp, "Resume and copy what was missed", intercom.StyleLink))
}

// pauseResume changes the sync of all links and shows home again.
func (c *card) pauseResume(ctx context.Context) (intercom.Canvas, error) {
	if c.conv.ID == 0 {
		return c.home(ctx)
	}
	var err error
	if c.id == idPause {
		err = c.s.pause(ctx, c.w, c.conv, c.admin())
	} else {
		err = c.s.resume(ctx, c.w, c.conv, c.admin(), c.id == idCatchUp)
	}
	if err != nil {
		return intercom.Canvas{}, err
	}
	return c.home(ctx)
}

// failedShown is how many failed rows a card lists.
const failedShown = 20

// failed lists what could not be copied, and why.
func (c *card) failed(ctx context.Context) (intercom.Canvas, error) {
	if c.conv.ID == 0 {
		return c.home(ctx)
	}
	rows, err := failedOf(c.s.db.Read(ctx), c.w.id, c.conv.ID, failedShown)
	if err != nil {
		return intercom.Canvas{}, err
	}
	if len(rows) == 0 {
		return canvas(intercom.Header("Everything is copied"), back(idHome)), nil
	}
	items := make([]intercom.Item, len(rows))
	for i, r := range rows {
		title := "To the ticket"
		if r.Direction == dirOut {
			title = "To the conversation"
		}
		if r.Author != "" {
			title += ", from " + r.Author
		}
		items[i] = intercom.Item{ID: fmt.Sprintf("failed%s%d", sep, r.ID), Title: cut(title, 80), Subtitle: cut(r.Error, 200),
			TertiaryText: fmt.Sprintf("%s UTC, tried %d times", r.SaidAt.UTC().Format("2006-01-02 15:04"), r.Attempts)}
	}
	return canvas(
		intercom.Header("Messages that could not be copied"), intercom.List{Items: items},
		intercom.SubmitButton(idRetry, "Try again", intercom.StylePrimary), back(idHome),
	), nil
}

func (c *card) retry(ctx context.Context) (intercom.Canvas, error) {
	if c.conv.ID == 0 {
		return c.home(ctx)
	}
	n, err := c.s.retryFailed(ctx, c.w, c.conv.ID, 0, c.admin().actor())
	if err != nil {
		return intercom.Canvas{}, err
	}
	return canvas(
		intercom.Header(plural(n, "message is tried again", "messages are tried again")),
		intercom.Paragraph("Come back in a moment to see whether it worked."),
		intercom.SubmitButton(idHome, "Done", intercom.StyleLink),
	), nil
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
