package itop_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/deskbridge/deskbridge/bridge/itop/itoptest"
)

// TestParity sends the same requests to the fake and to a real iTop and
// compares the answers, with ids, refs and dates of now taken out. It is what
// keeps the fake honest.
func TestParity(t *testing.T) {
	c := realConfig(t)
	s := itoptest.New(t, itoptest.Config{Zone: c.TimeZone})
	sides := []*side{
		newSide(t, rest{c.URL, c.User, c.Password}),
		newSide(t, rest{s.URL(), itoptest.Admin, itoptest.AdminPassword}),
	}
	for _, request := range parityRequests {
		var got [2]string
		for i, side := range sides {
			got[i] = side.send(t, request)
		}
		if got[0] != got[1] {
			t.Errorf("request %s\n real %s\n fake %s", request, got[0], got[1])
		}
	}
}

// side is one iTop with the objects of the test under fixed names.
type side struct {
	rest
	names map[string]string // placeholder: id
}

func newSide(t *testing.T, r rest) *side {
	t.Helper()
	s := &side{rest: r, names: map[string]string{}}
	s.names["ORG"] = r.one(t, "Organization", "SELECT Organization WHERE name = 'Demo'", nil)
	s.names["PERSON"] = r.one(t, "Person", "SELECT Person WHERE email = 'pablo.picasso@demo.com'", nil)
	for id := range r.must(t, map[string]any{
		"operation": "core/create", "comment": "parity", "class": "UserRequest", "output_fields": "id",
		"fields": map[string]any{"org_id": s.names["ORG"], "caller_id": s.names["PERSON"], "title": `it's 100% "a\b"`, "description": "<p>x</p>"},
	}) {
		s.names["TICKET"] = id
	}
	return s
}

var (
	reNow   = regexp.MustCompile(`20[2-9]\d-\d\d-\d\d \d\d:\d\d:\d\d`)
	reRef   = regexp.MustCompile(`[RI]-\d{6}`)
	reID    = regexp.MustCompile(`, id = \d+"`)
	reQuery = regexp.MustCompile(`(Query failed to execute: query = .*?, exception_class = \w+).*`)
)

// send posts json_data as it is written here and normalises the answer.
func (s *side) send(t *testing.T, data string) string {
	t.Helper()
	version := "1.3"
	if strings.Contains(data, `"limit"`) {
		version = "1.4"
	}
	for name, id := range s.names {
		data = strings.ReplaceAll(data, name, id)
	}
	res, err := http.PostForm(strings.TrimRight(s.url, "/")+"/webservices/rest.php", url.Values{
		"version": {version}, "auth_user": {s.user}, "auth_pwd": {s.password}, "json_data": {data},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var body any
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	made := createdIDs(body)
	for _, id := range made {
		s.names["MADE"] = id
	}
	clean(body, s.names)
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	out := reQuery.ReplaceAllString(string(text), "$1")
	for name, id := range s.names {
		out = strings.ReplaceAll(out, "::"+id+`"`, "::"+name+`"`)
	}
	out = reID.ReplaceAllString(out, `, id = N"`)
	return res.Header.Get("Content-Type") + " " + reRef.ReplaceAllString(out, "REF")
}

func createdIDs(body any) []string {
	var ids []string
	m, _ := body.(map[string]any)
	objects, _ := m["objects"].(map[string]any)
	for _, o := range objects {
		if o, ok := o.(map[string]any); ok && o["message"] == "created" {
			ids = append(ids, o["key"].(string))
		}
	}
	return ids
}

// clean replaces ids by names and dates that are about now.
func clean(v any, names map[string]string) {
	m, ok := v.(map[string]any)
	if !ok {
		if list, ok := v.([]any); ok {
			for _, x := range list {
				clean(x, names)
			}
		}
		return
	}
	for k, x := range m {
		text, isText := x.(string)
		switch {
		case isText && (k == "id" || k == "key" || strings.HasSuffix(k, "_id") && k != "user_id"):
			for name, id := range names {
				if text == id {
					m[k] = name
				}
			}
		case isText && k != "date":
			m[k] = reNow.ReplaceAllString(text, "DATE")
		case k == "user_id" || k == "operations":
			delete(m, k) // accounts differ
		default:
			clean(x, names)
		}
	}
}

var parityRequests = []string{
	`{"operation":"list_operations"}`,
	`{"operation":"nope"}`,
	`{"class":"Person"}`,
	`[1`,
	`{"operation":"core/get","class":"Nope","key":1}`,
	`{"operation":"core/get","key":1}`,
	`{"operation":"core/get","class":"Person"}`,
	`{"operation":"core/get","class":"Person","key":PERSON,"output_fields":"id,friendlyname,email,org_id,org_name,obsolescence_flag,org_id_friendlyname,finalclass"}`,
	`{"operation":"core/get","class":"Person","key":"PERSON","output_fields":"id"}`,
	`{"operation":"core/get","class":"Contact","key":"SELECT Contact WHERE email = 'PABLO.picasso@demo.com'","output_fields":"friendlyname"}`,
	`{"operation":"core/get","class":"Contact","key":"SELECT Contact WHERE email = 'páblo.picasso@demo.com'","output_fields":"friendlyname"}`,
	`{"operation":"core/get","class":"Person","key":{"email":"pablo.picasso@demo.com"},"output_fields":"friendlyname,org_name"}`,
	`{"operation":"core/get","class":"Person","key":"SELECT Person WHERE email = 'x' OR 1=1 AND id = PERSON","output_fields":"id"}`,
	`{"operation":"core/get","class":"Person","key":"SELECT Person WHERE id = 'PERSON OR 1=1'","output_fields":"id"}`,
	`{"operation":"core/get","class":"Person","key":"SELECT Person WHERE id = PERSON","output_fields":"zzz"}`,
	`{"operation":"core/get","class":"Person","key":"SELECT Person WHERE zzz = 1","output_fields":"id"}`,
	`{"operation":"core/get","class":"Person","key":"SELECT Nope WHERE","output_fields":"id"}`,
	`{"operation":"core/get","class":"Person","key":"SELECT Person WHERE name = 'a","output_fields":"id"}`,
	`{"operation":"core/get","class":"Person","key":"SELECT Person WHERE id = 0","output_fields":"id"}`,
	`{"operation":"core/get","class":"Organization","key":"SELECT Organization AS o WHERE o.id = ORG AND o.id IN (SELECT Organization WHERE name = 'Demo')","output_fields":"name"}`,
	`{"operation":"core/get","class":"Organization","key":"SELECT Organization AS o JOIN Person AS p ON p.org_id = o.id WHERE p.id = PERSON","output_fields":"name"}`,
	`{"operation":"core/get","class":"Organization","key":"SELECT o FROM Organization AS o WHERE (o.name = 'Demo') AND o.id = 'ORG'","output_fields":"id"}`,
	`{"operation":"core/get","class":"UserRequest","key":"SELECT UserRequest AS t WHERE t.id = TICKET AND t.org_id IN (SELECT Organization WHERE name = 'Demo')","output_fields":"ref,title,last_update,status,org_id,caller_id,caller_id_friendlyname,org_id_friendlyname,origin,urgency,priority,impact,service_id,service_id_friendlyname,public_log,escalation_flag,close_date,contacts_list"}`,
	`{"operation":"core/get","class":"UserRequest","key":"SELECT UserRequest AS t WHERE t.id = 'TICKET' AND (t.ref LIKE '%it\\'s 100\\\\%%' OR t.title LIKE '%it\\'s 100\\\\%%')","output_fields":"title"}`,
	`{"operation":"core/get","class":"UserRequest","key":"SELECT UserRequest WHERE id = TICKET AND title LIKE '%a\\\\\\\\b%'","output_fields":"title"}`,
	`{"operation":"core/get","class":"UserRequest","key":"SELECT UserRequest WHERE id = TICKET AND title LIKE '%a\\\\_b%'","output_fields":"title"}`,
	`{"operation":"core/get","class":"UserRequest","key":"SELECT UserRequest WHERE id = TICKET AND status NOT IN ('closed','rejected') AND last_update >= '2026-01-01 00:00:00'","output_fields":"status"}`,
	`{"operation":"core/get","class":"UserRequest","key":"SELECT UserRequest WHERE id IN ('TICKET') AND 1","output_fields":"status","limit":1,"page":1}`,
	`{"operation":"core/get","class":"UserRequest","key":"SELECT UserRequest WHERE id = TICKET","output_fields":"status","limit":1,"page":9}`,
	`{"operation":"core/get","class":"UserRequest","key":"SELECT UserRequest WHERE id = TICKET","output_fields":"status","limit":1,"page":0}`,
	`{"operation":"core/create","class":"UserRequest","fields":{}}`,
	`{"operation":"core/create","comment":"p","class":"UserRequest"}`,
	`{"operation":"core/create","comment":"p","class":"UserRequest","output_fields":"id","fields":{"org_id":ORG}}`,
	`{"operation":"core/create","comment":"p","class":"UserRequest","output_fields":"id","fields":{"title":"a","description":"x"}}`,
	`{"operation":"core/create","comment":"p","class":"UserRequest","output_fields":"id","fields":{"org_id":999999,"title":"a","description":"x"}}`,
	`{"operation":"core/create","comment":"p","class":"UserRequest","output_fields":"id","fields":{"org_id":ORG,"title":"a","description":"x","urgency":"9","origin":"pigeon"}}`,
	`{"operation":"core/create","comment":"p","class":"UserRequest","output_fields":"id","fields":{"org_id":ORG,"title":"a","description":"x","nope":"9"}}`,
	`{"operation":"core/create","comment":"p","class":"UserRequest","output_fields":"nope","fields":{"org_id":ORG,"title":"a","description":"x"}}`,
	`{"operation":"core/create","comment":"p","class":"UserRequest","output_fields":"id","fields":{"org_id":ORG,"title":"a","description":"x","start_date":"hello"}}`,
	`{"operation":"core/create","comment":"p","class":"UserRequest","output_fields":"id","fields":{"org_id":ORG,"title":"a","description":"x","caller_id":{"email":"nobody@x"}}}`,
	`{"operation":"core/create","comment":"p","class":"UserRequest","output_fields":"id","fields":{"org_id":ORG,"title":"a","description":"x","public_log":{"additem":{"message":"x"}}}}`,
	`{"operation":"core/create","comment":"p","class":"UserRequest","output_fields":"id","fields":{"org_id":ORG,"title":"a","description":"x","public_log":{"add_item":{"message":"x","date":"nonsense"}}}}`,
	`{"operation":"core/create","comment":"p","class":"UserRequest","output_fields":"id","fields":{"org_id":ORG,"title":"a","description":"x","public_log":{"add_item":{"message":"x","user_id":999999,"user_login":"a"}}}}`,
	`{"operation":"core/create","comment":"p","class":"UserRequest","output_fields":"id,ref,status,title,description,origin,caller_id,public_log,private_log","fields":{"org_id":ORG,"caller_id":{"email":"pablo.picasso@demo.com"},"title":"a","description":"<div class=\"dbk-t-1\"><p onclick=\"x()\">x</p></div>","origin":"chat","public_log":{"items":[{"date":"@1767323045","user_id":0,"user_login":"Jane (Intercom)","message":"<div class=\"dbk-a:1\"><p>one <b id=\"x\" class=\"c\">b</b></p><script>alert(1)</script></div>"},{"date":"2026-07-02 03:04:05","user_id":0,"user_login":"Eve","message":"<p>two <a href=\"https://example.org/a?b=1&amp;c=2#d\">l</a><a href=\"javascript:alert(1)\">j</a></p>"}]},"private_log":{"items":[{"date":"@1767323046","user_id":0,"user_login":"N","message":"<p>note<img src=\"https://x/y.png\" onerror=\"x\"><!-- c --></p>"}]}}}`,
	`{"operation":"core/update","comment":"p","class":"UserRequest","key":MADE,"output_fields":"public_log","fields":{"public_log":{"add_item":{"date":"@1767323047","user_id":0,"user_login":"Eve","format":"html","message":"<p>three</p>"}}}}`,
	`{"operation":"core/update","comment":"p","class":"UserRequest","key":MADE,"output_fields":"private_log","fields":{"private_log":{"items":[{"date":"@1767323050","user_id":0,"user_login":"N","message":"<p>replaced</p>"}]}}}`,
	`{"operation":"core/update","comment":"p","class":"UserRequest","key":"SELECT UserRequest WHERE id = MADE","output_fields":"intercom_ref,intercom_url,intercom_sync_activated","fields":{"intercom_ref":"c1","intercom_url":"https://app.intercom.com/1","intercom_sync_activated":"yes"}}`,
	`{"operation":"core/update","comment":"p","class":"UserRequest","key":999999,"output_fields":"id","fields":{"title":"x"}}`,
	`{"operation":"core/update","comment":"p","class":"UserRequest","key":MADE,"output_fields":"id","fields":{"origin":"pigeon","urgency":"zz"}}`,
	`{"operation":"core/update","comment":"p","class":"UserRequest","key":"SELECT UserRequest WHERE id = 0","output_fields":"id","fields":{"title":"x"}}`,
	`{"operation":"core/create","comment":"p","class":"Attachment","output_fields":"id","fields":{"zz_probe":"1"}}`,
	`{"operation":"core/create","comment":"p","class":"Attachment","output_fields":"item_class,contents,temp_id","fields":{"item_class":"UserRequest","item_id":MADE,"item_org_id":ORG,"temp_id":"dbk-1","contents":{"data":"aGk=","filename":"a.txt","mimetype":"text/plain"}}}`,
	`{"operation":"core/check_credentials","user":"nobody","password":"x"}`,
}
