package bridge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/bridge/intercom"
	"github.com/deskbridge/deskbridge/internal/db"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// submit checks the form and makes the ticket, once for each form however often
// the button is pressed.
func (c *card) submit(ctx context.Context) (intercom.Canvas, error) {
	fields, err := c.fields(ctx)
	if err != nil {
		return intercom.Canvas{}, err
	}
	values := c.values()
	for code := range values {
		if !slices.ContainsFunc(fields, func(a desk.Attribute) bool { return a.Code == code }) {
			delete(values, code) // only what was asked may be set
		}
	}
	token := c.req.Stored(keyForm)
	if token == "" || len(token) > 64 {
		token = c.derivedToken(values)
	}
	if f, err := formByToken(c.s.db.Read(ctx), token); err != nil {
		return intercom.Canvas{}, err
	} else if f != nil && f.State == formDone {
		return c.await(ctx, token)
	}
	raw := map[string]string{}
	var wrong errs.Fields
	for _, a := range fields {
		v, mistake := check(a, values[a.Code])
		if mistake != "" {
			wrong.Add(a.Code, "%s", mistake)
		}
		if v != "" {
			raw[a.Code] = v
		}
	}
	if len(wrong) > 0 {
		return c.drawForm(ctx, token, fields, values, wrong, "Some fields need another look.")
	}
	if err := c.order(ctx, token, raw); err != nil {
		return intercom.Canvas{}, err
	}
	return c.await(ctx, token)
}

// derivedToken names a form whose token got lost, so that pressing its button
// twice still makes one ticket.
func (c *card) derivedToken(values map[string]string) string {
	b, err := json.Marshal([]any{c.w.id, c.req.Conversation.ID, c.req.Admin.ID, values})
	if err != nil {
		return newToken()
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// order stores the form and lets the conversation's job make the ticket.
func (c *card) order(ctx context.Context, token string, values map[string]string) error {
	if err := c.ensure(ctx); err != nil {
		return err
	}
	who, err := json.Marshal(c.admin())
	if err != nil {
		return err
	}
	body, err := json.Marshal(values)
	if err != nil {
		return err
	}
	return c.s.db.Write(ctx, func(tx *gorm.DB) error {
		now := db.TimeOf(c.s.now())
		old, err := formByToken(tx, token)
		switch {
		case err != nil:
			return err
		case old == nil:
			f := formRow{Token: token, WorkspaceID: c.w.id, ConversationID: c.conv.ID, Admin: string(who), ValuesJSON: string(body),
				State: formWaiting, FieldsJSON: "[]", CreatedAt: now, UpdatedAt: now}
			if err := tx.Create(&f).Error; err != nil {
				return err
			}
		case old.ConversationID != c.conv.ID:
			return errs.E(errs.Conflict, "This form belongs to another conversation. Open it anew.")
		case old.State == formFailed:
			err := tx.Model(&formRow{}).Where("token = ?", token).Updates(map[string]any{
				"values_json": string(body), "state": formWaiting, "error": "", "fields_json": "[]", "updated_at": now}).Error
			if err != nil {
				return err
			}
		}
		return c.s.wake(tx, c.w, c.conv.RemoteID, time.Time{})
	})
}

// await shows what became of a form, or that it is still being worked on.
func (c *card) await(ctx context.Context, token string) (intercom.Canvas, error) {
	wait, cancel := context.WithTimeout(ctx, cardDeadline-400*time.Millisecond)
	defer cancel()
	f, err := c.s.awaitForm(wait, token)
	if err != nil {
		return intercom.Canvas{}, err
	}
	if f == nil || f.WorkspaceID != c.w.id || (c.conv.ID != 0 && f.ConversationID != c.conv.ID) {
		return intercom.Canvas{}, notFound("form")
	}
	switch f.State {
	case formDone:
		return result("Ticket "+f.TicketRef+" is created", "The conversation has been copied to it. New messages follow."), nil
	case formFailed:
		var wrong []errs.Field
		if err := json.Unmarshal([]byte(f.FieldsJSON), &wrong); err != nil {
			return intercom.Canvas{}, err
		}
		var values map[string]string
		if err := json.Unmarshal([]byte(f.ValuesJSON), &values); err != nil {
			return intercom.Canvas{}, err
		}
		fields, err := c.fields(ctx)
		if err != nil {
			return intercom.Canvas{}, err
		}
		return c.drawForm(ctx, token, fields, values, wrong, f.Error)
	}
	out := canvas(
		intercom.Header("The ticket is being created"),
		intercom.Paragraph("The ticket system takes longer than usual. Nothing is lost, and pressing Create again makes no second ticket."),
		intercom.SubmitButton(idWait, "Refresh", intercom.StylePrimary), back(idHome))
	out.StoredData = map[string]any{keyForm: token}
	return out, nil
}
