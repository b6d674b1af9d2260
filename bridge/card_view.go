package bridge

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// lastEntries is how many log entries a ticket's card shows.
const lastEntries = 4

// view shows one ticket: where it is linked, its configured attributes, the end
// of its logs, and what can be done with it.
func (c *card) view(ctx context.Context) (intercom.Canvas, error) {
	t, err := c.ticket(ctx, c.w.setup.DetailsAttributes())
	if err != nil {
		return intercom.Canvas{}, err
	}
	l, err := linkByTicket(c.s.db.Read(ctx), c.w.place, t.Key)
	if err != nil {
		return intercom.Canvas{}, err
	}
	here := l != nil && c.conv.ID != 0 && l.ConversationID == c.conv.ID
	out := canvas(intercom.Header(intercom.Escape(t.Ref)))
	where, err := c.whereLinked(ctx, l, here)
	if err != nil {
		return intercom.Canvas{}, err
	}
	out.Components = append(out.Components, intercom.Muted(where), intercom.Divider{BottomMargin: intercom.MarginNone})
	for _, v := range t.Values {
		text := cut(v.Text, 1500)
		if text == "" {
			text = "–"
		}
		out.Components = append(out.Components, intercom.Header(intercom.Escape(v.Label)), intercom.Paragraph(intercom.Escape(text)))
	}
	out.Components = append(out.Components, c.entriesOf(ctx, t)...)
	out.Components = append(out.Components, spacer(intercom.SizeM))
	out.Components = append(out.Components, c.actions(t, l != nil, here)...)
	return out, nil
}

func (c *card) whereLinked(ctx context.Context, l *linkRow, here bool) (string, error) {
	switch {
	case here && l.Active:
		return "Linked to this conversation", nil
	case here:
		return "Linked to this conversation, sync paused", nil
	case l == nil:
		return "Not linked to any conversation", nil
	}
	other, err := conversationByID(c.s.db.Read(ctx), l.ConversationID)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("Linked to conversation [#%s](%s)", other.RemoteID, c.w.conversationURL(other)), nil
}

// entriesOf draws the end of both logs. Logs that cannot be read now are left
// out: the rest of the card is worth having.
func (c *card) entriesOf(ctx context.Context, t desk.Ticket) []intercom.Component {
	entries, err := c.w.desk.Entries(ctx, t.Key)
	if err != nil {
		c.s.log.Warn("logs not shown", "ticket", t.Key.String(), "error", err)
		return []intercom.Component{intercom.Header("Last messages"), intercom.Muted("The logs cannot be read now.")}
	}
	if len(entries) == 0 {
		return nil
	}
	out := []intercom.Component{intercom.Header("Last messages")}
	for _, e := range entries[max(0, len(entries)-lastEntries):] {
		kind := ""
		if e.Log == desk.Private {
			kind = ", private"
		}
		out = append(out,
			intercom.Muted(intercom.Escape(fmt.Sprintf("%s, %s UTC%s", e.Author.Name, e.At.UTC().Format("2006-01-02 15:04"), kind))),
			intercom.Paragraph(intercom.Escape(orDash(excerpt(e.HTML, 300)))))
	}
	return out
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func (c *card) actions(t desk.Ticket, linked, here bool) []intercom.Component {
	var out []intercom.Component
	switch {
	case here:
		out = append(out, intercom.SubmitButton(idUnlink+sep+t.Key.String(), "Unlink from this conversation", intercom.StyleSecondary))
	default:
		link := intercom.SubmitButton(idLink+sep+t.Key.String(), "Link to this conversation", intercom.StylePrimary)
		copying := intercom.SubmitButton(idLinkCopy+sep+t.Key.String(), "Link and copy the conversation so far", intercom.StyleSecondary)
		link.Disabled, copying.Disabled = linked, linked
		out = append(out, link, copying)
	}
	if c.w.setup.ShowOpenInBackoffice() && t.AgentURL != "" {
		out = append(out, intercom.LinkButton(idOpen, "Open in back office", t.AgentURL))
	}
	up := map[string]string{idViewLinked: idLinked, idViewOngoing: idOngoing, idViewFound: idHome}[c.id]
	return append(out, back(up))
}

// linkTicket ties the ticket to this conversation.
func (c *card) linkTicket(ctx context.Context) (intercom.Canvas, error) {
	t, err := c.ticket(ctx, nil)
	if err != nil {
		return intercom.Canvas{}, err
	}
	if err := c.ensure(ctx); err != nil {
		return intercom.Canvas{}, err
	}
	copying := c.id == idLinkCopy
	if err := c.s.link(ctx, c.w, c.conv, t, c.admin(), copying); err != nil {
		if errs.Is(err, errs.Conflict) {
			return result("Not linked", errs.Text(err)), nil
		}
		return intercom.Canvas{}, err
	}
	text := "New messages of this conversation are copied to its logs."
	if copying {
		text = "The conversation so far and new messages are copied to its logs."
	}
	return result("Ticket "+t.Ref+" is linked", text), nil
}

func (c *card) unlinkTicket(ctx context.Context) (intercom.Canvas, error) {
	key, err := c.key()
	if err != nil {
		return intercom.Canvas{}, err
	}
	if c.conv.ID == 0 {
		return intercom.Canvas{}, notFound("link")
	}
	if err := c.s.unlink(ctx, c.w, c.conv, key, c.admin()); err != nil {
		return intercom.Canvas{}, err
	}
	return result("Ticket unlinked", "It keeps what was copied so far. New messages stay in this conversation."), nil
}

// ensure stores the conversation, with what the request says of its contact.
func (c *card) ensure(ctx context.Context) error {
	return c.s.db.Write(ctx, func(tx *gorm.DB) error {
		row, err := ensureConversation(tx, c.w.id, c.req.WorkspaceID, c.req.Conversation.ID, c.s.now())
		if err != nil {
			return err
		}
		learn(&row, Talk{Contact: contactOf(c.req.Contact)})
		if err := saveConversation(tx, &row); err != nil {
			return err
		}
		c.conv = row
		return c.keepRequest(tx)
	})
}

// keepRequest stores the conversation that came with the request as a receipt,
// for the conversation's job to absorb like a notification: the copy has
// something to copy even when Intercom cannot be asked.
func (c *card) keepRequest(tx *gorm.DB) error {
	if len(c.raw) == 0 {
		return nil
	}
	id := "canvas-" + newToken()
	body, err := json.Marshal(map[string]any{
		"type": "notification_event", "id": id, "app_id": c.req.WorkspaceID, "topic": intercom.TopicUserCreated,
		"data": map[string]any{"item": c.raw},
	})
	if err != nil {
		return err
	}
	_, err = insertReceipt(tx, receiptRow{WorkspaceID: c.w.id, NotificationID: id, Conversation: c.conv.RemoteID,
		Topic: intercom.TopicUserCreated, Body: body, ReceivedAt: db.TimeOf(c.began)})
	return err
}

// result tells how something went.
func result(title, text string) intercom.Canvas {
	head := intercom.Header(intercom.Escape(title))
	head.Align = intercom.AlignCenter
	body := intercom.Paragraph(intercom.Escape(text))
	body.Align = intercom.AlignCenter
	return canvas(head, body, intercom.Divider{}, intercom.SubmitButton(idHome, "Done", intercom.StyleLink))
}
