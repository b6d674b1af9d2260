package itop

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// Attach stores a file as an Attachment object of the ticket and returns the
// address where iTop's users download it, which also shows pictures inside of
// entries. Its marker goes into temp_id, an attribute that iTop uses only while
// an attachment has no object yet; it is queryable and shown nowhere.
func (d *Desk) Attach(ctx context.Context, key desk.Key, f desk.File) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	if f.Marker == "" {
		return "", errs.InvalidField("marker", "is required")
	}
	if len(f.Data) > d.config.MaxFile {
		return "", errs.E(errs.TooLarge, "The file %s is larger than the %d KB that are copied to iTop.", cleanName(f.Name), d.config.MaxFile>>10)
	}
	unlock := d.locks.lock(key.String()+"\x00"+f.Marker, ctx.Done())
	if unlock == nil {
		return "", errs.Wrap(ctx.Err(), errs.Upstream, "The file was not stored in time.")
	}
	defer unlock()
	id, err := d.attachment(ctx, key, f.Marker)
	if err != nil || id != "" {
		return d.fileURL(id), err
	}
	ticket, err := d.Ticket(ctx, key, nil)
	if err != nil {
		return "", err
	}
	a, err := d.call(ctx, request{
		Operation: "core/create", Class: "Attachment", Comment: comment, OutputFields: "id",
		Fields: map[string]any{
			"item_class": key.Class, "item_id": number(key.ID), "item_org_id": number(ticket.OrgID), "temp_id": fileMarker(f.Marker),
			"contents": map[string]string{
				"data": base64.StdEncoding.EncodeToString(f.Data), "filename": cleanName(f.Name), "mimetype": f.Type,
			},
		},
	})
	if err != nil {
		if found, again := d.attachment(ctx, key, f.Marker); again == nil && found != "" {
			return d.fileURL(found), nil
		}
		return "", err
	}
	if len(a.Objects) != 1 {
		return "", errs.E(errs.Upstream, "iTop did not say where it stored the file.")
	}
	return d.fileURL(string(a.Objects[0].Key)), nil
}

func (d *Desk) attachment(ctx context.Context, key desk.Key, marker string) (string, error) {
	a, err := d.call(ctx, request{
		Operation: "core/get", Class: "Attachment", OutputFields: "id",
		Key: "SELECT Attachment WHERE item_class = " + quote(key.Class) + " AND item_id = " + quote(key.ID) + " AND temp_id = " + quote(fileMarker(marker)),
	})
	if err != nil || len(a.Objects) == 0 {
		return "", err
	}
	return string(a.Objects[0].Key), nil
}

func fileMarker(marker string) string {
	sum := sha256.Sum256([]byte(marker))
	return markerPrefix + hex.EncodeToString(sum[:16])
}

// fileURL is the download address of an attachment, "" for none.
func (d *Desk) fileURL(id string) string {
	if id == "" {
		return ""
	}
	return d.base + "pages/ajax.document.php?operation=download_document&class=Attachment&field=contents&id=" + url.QueryEscape(id)
}

// cleanName keeps the last part of a path, without control characters.
func cleanName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if r < 32 || r == 127 {
			return -1
		}
		return r
	}, name)
	if r := []rune(strings.TrimSpace(name)); len(r) > 200 {
		return string(r[len(r)-200:])
	}
	if name = strings.TrimSpace(name); name == "" || name == "." || name == ".." {
		return "file"
	}
	return name
}
