package itop

import (
	"encoding/json"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// maxNotification is the largest body that is read as a notification.
const maxNotification = 64 << 10

// ParseNotification reads what Combodo's webhook extension sends when an
// administrator set it up as the guide says: {"class":"UserRequest","id":"12"};
// the id may also be a number. It is a hint that a ticket changed and nothing
// more: what changed is read from iTop. Invalid when it is something else.
func ParseNotification(body []byte) (desk.Key, error) {
	bad := errs.E(errs.Invalid, `The notification must be {"class":"UserRequest","id":"12"}.`)
	if len(body) > maxNotification {
		return desk.Key{}, bad
	}
	var n struct {
		Class string `json:"class"`
		ID    text   `json:"id"`
	}
	if json.Unmarshal(body, &n) != nil {
		return desk.Key{}, bad
	}
	key := desk.Key{Class: n.Class, ID: string(n.ID)}
	if checkKey(key) != nil {
		return desk.Key{}, bad
	}
	return key, nil
}
