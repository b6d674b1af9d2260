package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // Intercom signs webhooks with HMAC-SHA1.
	"crypto/sha256"
	"fmt"
	"hash"
	"strings"
	"time"
)

// Paths of the server.
const (
	pathWebhooks   = "/intercom/webhooks"
	pathInitialize = "/intercom/canvas/initialize"
	pathSubmit     = "/intercom/canvas/submit"
)

// Marks in the texts below: runs of a letter that stand for numbers.
var (
	markNotification = strings.Repeat("N", 12)
	markPart         = strings.Repeat("P", 9)
	markConversation = strings.Repeat("C", 5)
	markContact      = strings.Repeat("K", 6)
)

// talk makes the notifications of conversations between end users and agents.
// Each run has ids of its own, so that none is a repetition of another run's.
type talk struct {
	o    options
	to   target
	run  string // in ids of notifications
	ids  int64  // begins the ids of conversations and parts
	when int64  // when everything is said
}

func newTalk(o options, to target) *talk {
	now := time.Now().Unix()
	return &talk{o: o, to: to, run: rand.Text()[:8], ids: now, when: now}
}

// email returns the address of the end user who speaks in the k-th conversation.
func email(k int) string { return fmt.Sprintf("person%06d@load.example", k) }

// notification is one as Intercom sends it when an end user replies, of about
// 2 KB. Everything that our side does not read stands here too, for its length.
func (t *talk) notification() []byte {
	r := strings.NewReplacer("NNNN", markNotification, "PPPP", markPart, "CCCC", fmt.Sprint(t.ids)+markConversation, "KKKK", markContact,
		"@app", t.o.app, "@run", t.run, "@ids", fmt.Sprint(t.ids), "@when", fmt.Sprint(t.when), "\n", "")
	return []byte(r.Replace(notificationText))
}

const notificationText = `{"type":"notification_event","app_id":"@app",
"data":{"type":"notification_event_data","item":{"type":"conversation","id":"CCCC","title":"Printer on floor 3","created_at":@when,"updated_at":@when,
"waiting_since":@when,"snoozed_until":null,"open":true,"state":"open","read":false,"priority":"not_priority","admin_assignee_id":814860,"team_assignee_id":0,
"source":{"type":"conversation","id":"2454","delivered_as":"customer_initiated","subject":"","body":"<p>The printer on floor 3 is jammed again, and the tray does not open.</p>",
"author":{"type":"user","id":"5ba682d23d7cf92befKKKK","name":"Person KKKK","email":"personKKKK@load.example"},"attachments":[],"url":"https://portal.load.example/","redacted":false},
"contacts":{"type":"contact.list","contacts":[{"type":"contact","id":"5ba682d23d7cf92befKKKK","external_id":"KKKK"}]},
"teammates":{"type":"admin.list","teammates":[{"type":"admin","id":"814860"}]},"tags":{"type":"tag.list","tags":[]},"custom_attributes":{"department":"Accounting"},
"conversation_rating":null,"first_contact_reply":{"created_at":@when,"type":"conversation","url":"https://portal.load.example/"},
"sla_applied":null,"linked_objects":{"type":"list","data":[],"total_count":0,"has_more":false},
"statistics":{"type":"conversation_statistics","time_to_assignment":12,"time_to_admin_reply":64,"count_assignments":1,"count_reopens":0,"count_conversation_parts":3},
"conversation_parts":{"type":"conversation_part.list","total_count":1,"conversation_parts":[
{"type":"conversation_part","id":"@idsPPPP","part_type":"comment","body":"<p class=\"no-margin\">I have tried the <b>other</b> tray, number PPPP, and it says that the paper is too thick.</p>",
"created_at":@when,"updated_at":@when,"notified_at":@when,"assigned_to":{"type":"nobody_admin","id":null},
"author":{"id":"5ba682d23d7cf92befKKKK","type":"user","name":"Person KKKK","email":"personKKKK@load.example","from_ai_agent":false,"is_ai_answer":false},
"attachments":[],"external_id":null,"redacted":false,"metadata":{},"state":"open","tags":[],"event_details":{},"app_package_code":null}]}}},
"links":{},"id":"notif_@run-NNNN","topic":"conversation.user.replied",
"delivery_status":"pending","delivery_attempts":1,"delivered_at":0,"first_sent_at":@when,"created_at":@when,"self":null}`

// source returns the webhooks of one connection.
func (t *talk) source() source {
	l := newLetter(t.to.address, pathWebhooks, "X-Hub-Signature: sha1=", 2*sha1.Size, t.notification(), summer(sha1.New, t.o.secret))
	ids, parts := l.find(markNotification), l.find(markPart)
	conversations, contacts := l.find(markConversation), l.find(markContact)
	return func(n int64) []byte {
		k := int64(t.o.first) + n%int64(t.o.conversations)
		l.fill(ids, n)
		l.fill(parts, n)
		l.fill(conversations, k)
		l.fill(contacts, k)
		l.sign()
		return l.raw
	}
}

func (l *letter) fill(fs []field, n int64) {
	for _, f := range fs {
		l.put(f, n)
	}
}

// summer returns what computes the HMAC of a body, over and over in one state.
func summer(h func() hash.Hash, secret string) func([]byte) []byte {
	m := hmac.New(h, []byte(secret))
	var sum []byte
	return func(body []byte) []byte {
		m.Reset()
		m.Write(body)
		sum = m.Sum(sum[:0])
		return sum
	}
}

// canvasTalk makes initialize calls: an agent opens the card of conversations,
// each of another end user.
type canvasTalk struct{ *talk }

func newCanvasTalk(o options, to target) canvasTalk { return canvasTalk{newTalk(o, to)} }

func (t canvasTalk) request(component string) []byte {
	r := strings.NewReplacer("CCCC", fmt.Sprint(t.ids)+markConversation, "KKKK", markContact, "@app", t.o.app, "@when", fmt.Sprint(t.when), "@component", component, "\n", "")
	text := canvasText
	if component != "" {
		text = strings.Replace(text, `{"workspace_id"`, `{"component_id":"@component","input_values":{},"workspace_id"`, 1)
	}
	return []byte(r.Replace(text))
}

const canvasText = `{"workspace_id":"@app","workspace_region":"EU",
"admin":{"type":"admin","id":"814860","name":"Jane Doe","email":"jane.doe@load.example"},
"context":{"conversation_id":"CCCC","location":"conversation"},
"conversation":{"type":"conversation","id":"CCCC","created_at":@when,"updated_at":@when,"state":"open","open":true,
"source":{"type":"conversation","id":"2454","body":"<p>The printer on floor 3 is jammed again.</p>","author":{"type":"user","id":"5ba682d23d7cf92befKKKK","name":"Person KKKK","email":"personKKKK@load.example"}},
"contacts":{"type":"contact.list","contacts":[{"type":"contact","id":"5ba682d23d7cf92befKKKK","external_id":"KKKK"}]}},
"contact":{"type":"contact","id":"5ba682d23d7cf92befKKKK","external_id":"KKKK","role":"user","email":"personKKKK@load.example","name":"Person KKKK","custom_attributes":{}},
"customer":{"type":"contact","id":"5ba682d23d7cf92befKKKK","role":"user","email":"personKKKK@load.example","name":"Person KKKK"}}`

// source returns the initialize calls of one connection.
func (t canvasTalk) source() source {
	l := t.letter(pathInitialize, "")
	conversations, contacts := l.find(markConversation), l.find(markContact)
	return func(n int64) []byte {
		k := int64(t.o.first) + n%int64(t.o.conversations)
		l.fill(conversations, k)
		l.fill(contacts, k)
		l.sign()
		return l.raw
	}
}

func (t canvasTalk) letter(path, component string) *letter {
	return newLetter(t.to.address, path, "X-Body-Signature: ", 2*sha256.Size, t.request(component), summer(sha256.New, t.o.secret))
}
