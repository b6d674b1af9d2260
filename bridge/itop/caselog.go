package itop

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/internal/errs"
)

// An entry of ours starts with a <div> whose class holds its marker. Classes
// survive iTop's HTML sanitizer (comments, ids and data attributes do not), and
// only the very first element counts, so that nothing inside of a message can
// pass for a marker.
const markerPrefix = "dbk-"

// Disclaimer is the sentence above messages that were synchronised after
// linking, as Combodo's extension writes it (IC-37).
const Disclaimer = "Message synchronized from the Intercom conversation"

var (
	reMarker     = regexp.MustCompile(`^\s*<div class="` + markerPrefix + `([A-Za-z0-9:._-]{1,80})">`)
	reDisclaimer = regexp.MustCompile(`(?s)^\s*<p>\s*<code class="fas fa-link"[^>]*>\s*</code>.*?</p>\s*<br ?/?>`)
	reByline     = regexp.MustCompile(`^\s*<p><b>([^<]{1,300})</b></p>`)
	reMarkerText = regexp.MustCompile(`^[A-Za-z0-9:._-]{1,80}$`)
)

// render writes an entry's HTML; byline puts the author's name into the text,
// for accounts that may not write for others.
func (d *Desk) render(e desk.Entry, byline bool) string {
	var b strings.Builder
	b.WriteString(`<div class="` + markerPrefix + e.Marker + `">`)
	if e.Synced {
		text := html.EscapeString(d.config.Disclaimer)
		if e.Source != "" {
			text = `<a href="` + html.EscapeString(e.Source) + `" target="_blank">` + text + `</a>`
		}
		b.WriteString(`<p><code class="fas fa-link" style="background-color: transparent"></code> <i>` + text + `</i></p><br>`)
	}
	if byline {
		b.WriteString("<p><b>" + html.EscapeString(e.Author.Name) + "</b></p>")
	}
	b.WriteString(e.HTML)
	b.WriteString("</div>")
	return b.String()
}

// logEntry is one entry of a case log as REST reads it.
type logEntry struct {
	Date  string `json:"date"`
	Login string `json:"user_login"`
	User  text   `json:"user_id"`
	Text  string `json:"message"`
	HTML  string `json:"message_html"`
}

// readLog decodes one case log of an object.
func (o object) readLog(code string) ([]logEntry, error) {
	raw, ok := o.Fields[code]
	if !ok {
		return nil, nil
	}
	var log struct {
		Entries []logEntry `json:"entries"`
	}
	if err := json.Unmarshal(raw, &log); err != nil {
		return nil, errs.Wrap(err, errs.Upstream, "iTop's case log could not be read.")
	}
	return log.Entries, nil
}

// entries turns a log into the desk's words. Identities: ours by marker;
// others by log, date, login and text, and a count among equal ones, so that
// they stay the same however often the log is read.
func (d *Desk) entries(log desk.Log, raw []logEntry) []desk.Entry {
	out := make([]desk.Entry, 0, len(raw))
	seen := map[string]int{}
	first := map[string]string{}
	for _, r := range raw {
		e := desk.Entry{Log: log, At: d.parseTime(r.Date), Author: desk.Author{Name: strings.TrimSpace(r.Login)}, HTML: r.HTML}
		marker := markerOf(r)
		// A marker at another date was copied by somebody who quoted our entry.
		if date, again := first[marker]; marker != "" && again && date != r.Date {
			marker = ""
		}
		if marker == "" {
			sum := sha256.Sum256([]byte(string(log) + "\x00" + r.Date + "\x00" + r.Login + "\x00" + r.HTML))
			id := "f:" + hex.EncodeToString(sum[:12])
			seen[id]++
			e.ID, e.ByDesk = id+"."+strconv.Itoa(seen[id]), true
		} else {
			first[marker] = r.Date
			e.Marker, e.ID = marker, "m:"+marker
			strip(&e)
		}
		out = append(out, e)
	}
	return out
}

func markerOf(r logEntry) string {
	if m := reMarker.FindStringSubmatch(r.HTML); m != nil {
		return m[1]
	}
	return ""
}

// strip removes what render put around an entry.
func strip(e *desk.Entry) {
	body := e.HTML[len(reMarker.FindString(e.HTML)):]
	body = strings.TrimSuffix(strings.TrimSpace(body), "</div>")
	if m := reDisclaimer.FindString(body); m != "" {
		e.Synced = true
		body = body[len(m):]
	}
	if m := reByline.FindStringSubmatch(body); m != nil {
		e.Author.Name = html.UnescapeString(m[1])
		body = body[len(m[0]):]
	}
	e.HTML = strings.TrimSpace(body)
}

// merge joins the two logs, oldest first; within a second each log keeps its order.
func merge(logs ...[]desk.Entry) []desk.Entry {
	var all []desk.Entry
	for _, l := range logs {
		all = append(all, l...)
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].At.Before(all[j].At) })
	return all
}

// item is one entry as REST writes it.
type item struct {
	Date   string  `json:"date"`
	Text   string  `json:"message"`
	Format string  `json:"format,omitempty"`
	UserID *int64  `json:"user_id,omitempty"`
	Login  *string `json:"user_login,omitempty"`
}

// checkEntry refuses what could not be found again.
func checkEntry(i int, e desk.Entry) error {
	if !reMarkerText.MatchString(e.Marker) {
		return errs.InvalidField(fmt.Sprintf("log.%d.marker", i), "must be 1 to 80 of the characters A-Z a-z 0-9 : . _ -")
	}
	if e.Log != desk.Public && e.Log != desk.Private {
		return errs.InvalidField(fmt.Sprintf("log.%d.log", i), "must be public or private")
	}
	return nil
}

// instant writes a date that no zone can change.
func instant(t time.Time) string { return "@" + strconv.FormatInt(t.Unix(), 10) }
