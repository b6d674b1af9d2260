package itop_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deskbridge/deskbridge/bridge/desk"
	"github.com/deskbridge/deskbridge/bridge/desktest"
	"github.com/deskbridge/deskbridge/bridge/itop"
)

// realConfig is the iTop that the environment names, or the test is skipped.
// It must hold iTop's sample data; the suite adds what else it needs.
func realConfig(t *testing.T) itop.Config {
	t.Helper()
	c := itop.Config{
		URL: os.Getenv("DESKBRIDGE_TEST_ITOP_URL"), User: os.Getenv("DESKBRIDGE_TEST_ITOP_USER"),
		Password: os.Getenv("DESKBRIDGE_TEST_ITOP_PASSWORD"), TimeZone: cmp.Or(os.Getenv("DESKBRIDGE_TEST_ITOP_ZONE"), "Europe/Paris"),
		Timeout: time.Minute,
	}
	if c.URL == "" {
		t.Skip("DESKBRIDGE_TEST_ITOP_URL is not set: no real iTop to test with")
	}
	return c
}

// rest sends one operation as a plain client does.
type rest struct{ url, user, password string }

type restAnswer struct {
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Objects json.RawMessage `json:"objects"`
}

func (r rest) call(t testing.TB, operation map[string]any) restAnswer {
	t.Helper()
	data, err := json.Marshal(operation)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.PostForm(strings.TrimRight(r.url, "/")+"/webservices/rest.php", url.Values{
		"version": {"1.4"}, "auth_user": {r.user}, "auth_pwd": {r.password}, "json_data": {string(data)},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var a restAnswer
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil {
		t.Fatalf("%s: %v", operation["operation"], err)
	}
	return a
}

func (r rest) must(t testing.TB, operation map[string]any) map[string]map[string]any {
	t.Helper()
	a := r.call(t, operation)
	if a.Code != 0 {
		t.Fatalf("%v: code %d: %s", operation, a.Code, a.Message)
	}
	var objects map[string]struct {
		Key    string         `json:"key"`
		Fields map[string]any `json:"fields"`
	}
	if err := json.Unmarshal(a.Objects, &objects); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]any{}
	for _, o := range objects {
		out[o.Key] = o.Fields
	}
	return out
}

// add writes a log entry as the client's own user.
func (r rest) add(t testing.TB, key desk.Key, log desk.Log, html string) {
	t.Helper()
	r.must(t, map[string]any{
		"operation": "core/update", "comment": "somebody else", "class": key.Class, "key": key.ID, "output_fields": "id",
		"fields": map[string]any{string(log) + "_log": map[string]any{"add_item": map[string]any{"message": html}}},
	})
}

// one returns the id of the only object of a query, made when there is none.
func (r rest) one(t testing.TB, class, oql string, fields map[string]any) string {
	t.Helper()
	for range 2 {
		found := r.must(t, map[string]any{"operation": "core/get", "class": class, "key": oql, "output_fields": "id"})
		if len(found) > 0 {
			return slices.MinFunc(slices.Collect(maps.Keys(found)), func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
		}
		r.must(t, map[string]any{"operation": "core/create", "comment": "suite", "class": class, "output_fields": "id", "fields": fields})
	}
	t.Fatalf("%s: nothing found or made", oql)
	return ""
}

// realFixture prepares a real iTop with sample data for the suite.
func realFixture(t *testing.T, c itop.Config) desktest.Fixture {
	t.Helper()
	admin := rest{c.URL, os.Getenv("DESKBRIDGE_TEST_ITOP_USER"), os.Getenv("DESKBRIDGE_TEST_ITOP_PASSWORD")}
	org := admin.one(t, "Organization", "SELECT Organization WHERE name = 'Demo'", nil)
	other := admin.one(t, "Organization", "SELECT Organization WHERE name = 'Suite Other'", map[string]any{"name": "Suite Other"})
	person := func(first, name, email, org, status string) desk.Person {
		id := admin.one(t, "Person", "SELECT Person WHERE email = '"+email+"' AND status = '"+status+"'",
			map[string]any{"first_name": first, "name": name, "email": email, "org_id": org, "status": status})
		return desk.Person{Class: "Person", ID: id, Name: first + " " + name, Email: email, OrgID: org}
	}
	known := person("Paula", "Suite", "paula@suite.example", org, "active")
	person("Peter", "Suite", "peter@suite.example", org, "active")
	person("Tilda", "Twin", "twin@suite.example", org, "inactive")
	twin := person("Tilda", "Twin", "twin@suite.example", org, "active")
	stranger := person("Stella", "Stranger", "stella@suite.example", other, "active")
	d, err := itop.New(c)
	if err != nil {
		t.Fatal(err)
	}
	attributes, err := d.Attributes(t.Context(), "UserRequest")
	if err != nil {
		t.Fatal(err)
	}
	f := desktest.Fixture{
		Desk: d, Class: "UserRequest", OrgID: org, OtherID: other, Known: known, Stranger: stranger,
		TwinEmail: "twin@suite.example", TwinID: twin.ID, Nobody: "nobody@suite.example",
		Scope:     "SELECT Organization WHERE name = 'Demo'",
		PersonOQL: "SELECT Person WHERE email = 'paula@suite.example'",
		Dependent: desktest.Dependent{Attribute: "servicesubcategory_id", On: "service_id", Values: map[string]string{"org_id": org, "service_id": "1"}},
		Lossy:     true,
		Others:    admin.add,
	}
	for _, a := range attributes {
		f.Links = f.Links || a.Code == "intercom_ref"
	}
	return f
}

// TestRealSuite runs the desks' suite on a real iTop, as the account that the
// environment names.
func TestRealSuite(t *testing.T) {
	c := realConfig(t)
	desktest.Run(t, func(t *testing.T) desktest.Fixture { return realFixture(t, c) })
}

// TestRealSuitePlainAccount runs it with an account that is no administrator,
// when DESKBRIDGE_TEST_ITOP_PLAIN_USER and _PLAIN_PASSWORD name one.
func TestRealSuitePlainAccount(t *testing.T) {
	c := realConfig(t)
	c.User, c.Password = os.Getenv("DESKBRIDGE_TEST_ITOP_PLAIN_USER"), os.Getenv("DESKBRIDGE_TEST_ITOP_PLAIN_PASSWORD")
	if c.User == "" {
		t.Skip("DESKBRIDGE_TEST_ITOP_PLAIN_USER is not set")
	}
	desktest.Run(t, func(t *testing.T) desktest.Fixture { return realFixture(t, c) })
}

// BenchmarkReal measures calls against the iTop that the environment names.
func BenchmarkReal(b *testing.B) {
	c := itop.Config{URL: os.Getenv("DESKBRIDGE_TEST_ITOP_URL"), User: os.Getenv("DESKBRIDGE_TEST_ITOP_USER"), Password: os.Getenv("DESKBRIDGE_TEST_ITOP_PASSWORD")}
	if c.URL == "" {
		b.Skip("DESKBRIDGE_TEST_ITOP_URL is not set")
	}
	d, err := itop.New(c)
	if err != nil {
		b.Fatal(err)
	}
	admin := rest{c.URL, c.User, c.Password}
	org := admin.one(b, "Organization", "SELECT Organization WHERE name = 'Demo'", nil)
	n := 0
	ticket := func(log ...desk.Entry) desk.Ticket {
		n++
		made, err := d.Create(b.Context(), desk.NewTicket{
			Token: fmt.Sprintf("bench:%d:%d", time.Now().UnixNano(), n), Class: "UserRequest", OrgID: org, Origin: "chat",
			Values: map[string]string{"title": "bench", "description": "bench"}, Log: log,
		})
		if err != nil {
			b.Fatal(err)
		}
		return made
	}
	line := func(i int) desk.Entry {
		return desk.Entry{Marker: fmt.Sprintf("b:%d", i), Log: desk.Public, At: time.Now(), HTML: "<p>hello</p>", Author: desk.Author{Name: "Bench"}}
	}
	b.Run("person", func(b *testing.B) {
		for i := range b.N {
			_, _ = d.PersonByEmail(b.Context(), fmt.Sprintf("nobody%d@example.org", i))
		}
	})
	b.Run("create with 50 entries", func(b *testing.B) {
		var log []desk.Entry
		for i := range 50 {
			log = append(log, line(i))
		}
		for range b.N {
			ticket(log...)
		}
	})
	b.Run("append one by one", func(b *testing.B) {
		key := ticket().Key
		for i := range b.N {
			if _, err := d.Append(b.Context(), key, []desk.Entry{line(i)}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("append ten at once", func(b *testing.B) {
		key := ticket().Key
		for i := range b.N {
			var ten []desk.Entry
			for j := range 10 {
				ten = append(ten, line(10*i+j))
			}
			if _, err := d.Append(b.Context(), key, ten); err != nil {
				b.Fatal(err)
			}
		}
	})
}
