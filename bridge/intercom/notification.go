package intercom

import (
	"slices"
	"strings"
	"time"

	"github.com/deskbridge/deskbridge/internal/errs"
)

// The topics that the bridge acts upon (intercom.md 2.3).
const (
	TopicPing           = "ping"
	TopicUserCreated    = "conversation.user.created"
	TopicUserReplied    = "conversation.user.replied"
	TopicAdminCreated   = "conversation.admin.single.created"
	TopicAdminReplied   = "conversation.admin.replied"
	TopicAdminNoted     = "conversation.admin.noted"
	TopicAdminClosed    = "conversation.admin.closed"
	TopicAdminOpened    = "conversation.admin.opened"
	TopicAdminAssigned  = "conversation.admin.assigned"
	TopicOpenAssigned   = "conversation.admin.open.assigned"
	TopicOperator       = "conversation.operator.replied"
	TopicRated          = "conversation.rating.added"
	TopicDeleted        = "conversation.deleted"
	TopicPartRedacted   = "conversation_part.redacted"
	conversationTopics  = "conversation."
	typeConversation    = "conversation"
	typeConversationOne = "conversation_part"
)

// Notification is one webhook. The same notification can arrive more than once
// (same ID), and one happening can arrive under two topics (same part id).
type Notification struct {
	ID           string
	AppID        string // the workspace's id
	Topic        string
	FirstSentAt  time.Time
	CreatedAt    time.Time
	Attempts     int  // 1 for the first delivery
	Deleted      bool // the item is gone: a *.deleted topic
	Conversation Conversation
}

// Parts returns all parts of the notification, in the order in which they were
// said. For conversation.user.created and conversation.admin.single.created the
// source comes first, for conversation_part.redacted the parts are those that
// have been redacted, the source among them; in other notifications the source
// is a mere repetition and left out.
func (n Notification) Parts() []Part {
	switch n.Topic {
	case TopicUserCreated, TopicAdminCreated:
		return n.Conversation.All()
	case TopicPartRedacted:
		return slices.DeleteFunc(n.Conversation.All(), func(p Part) bool { return !p.Redacted })
	}
	return n.Conversation.Parts
}

// ParseNotification decodes a webhook whose signature has been verified. It
// takes whatever shape this version of Intercom's API gives to the details
// (see the package comment); Invalid when the body is not a JSON object, is
// nested too deeply, or has neither an id nor a topic; TooLarge over MaxBody.
func ParseNotification(body []byte) (Notification, error) {
	o, item, err := envelope(body)
	if err != nil {
		return Notification{}, err
	}
	n := Notification{
		ID:          o.get("id").id(),
		AppID:       o.get("app_id").text(),
		Topic:       o.get("topic").text(),
		FirstSentAt: o.get("first_sent_at").time(),
		CreatedAt:   o.get("created_at").time(),
		Attempts:    int(o.get("delivery_attempts").int()),
	}
	n.Deleted = item.get("deleted").bool()
	n.Conversation = conversationOf(item, n.Topic)
	return n, nil
}

// Peek reads of a notification what must be known before it is answered. It
// accepts and refuses exactly what ParseNotification does and finds the same
// ids, at a fraction of the cost. conversationID is empty when the notification
// is about something else.
func Peek(body []byte) (id, appID, topic, conversationID string, err error) {
	o, item, err := envelope(body)
	if err != nil {
		return "", "", "", "", err
	}
	topic = o.get("topic").text()
	return o.get("id").id(), o.get("app_id").text(), topic, conversationIDOf(item, topic), nil
}

// envelope checks a body and returns its fields and those of its item. What a
// notification cannot do without are an id, by which doubles are known, and a
// topic.
func envelope(body []byte) (o, item object, err error) {
	doc, err := document(body, MaxBody)
	if err != nil {
		return nil, nil, err
	}
	o = doc.object()
	if o == nil {
		return nil, nil, errs.E(errs.Invalid, "The notification is not an object.")
	}
	if o.get("topic").text() == "" || o.get("id").id() == "" {
		return nil, nil, errs.E(errs.Invalid, "The notification has no id or no topic.")
	}
	return o, o.get("data").get("item").object(), nil
}

// isConversation reports whether an item is a conversation. Deleted ones may
// come without a type.
func isConversation(item object, topic string) bool {
	t := item.get("type").text()
	return t == typeConversation || (t == "" && strings.HasPrefix(topic, conversationTopics))
}

// conversationIDOf finds which conversation an item is about: itself, or the
// one that it says it belongs to.
func conversationIDOf(item object, topic string) string {
	if isConversation(item, topic) {
		if id := item.get("id").id(); id != "" {
			return id
		}
	}
	if id := item.get("conversation_id").id(); id != "" {
		return id
	}
	return item.get("conversation").get("id").id()
}

// conversationOf decodes the conversation of an item. A lone part (as some
// versions send for conversation_part topics) becomes a conversation with that
// part.
func conversationOf(item object, topic string) Conversation {
	var c Conversation
	switch {
	case isConversation(item, topic):
		c = decodeConversation(item)
	case item.get("type").text() == typeConversationOne:
		c = decodeConversation(item.get("conversation").object())
		c.Parts = []Part{decodePart(item)}
		c.PartsTotal = 1
	default:
		c = decodeConversation(item.get("conversation").object())
	}
	c.ID = conversationIDOf(item, topic)
	return c
}
