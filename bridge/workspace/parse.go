package workspace

import (
	"fmt"
	"io"
	"sort"

	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/internal/strict"
)

// Options says how Parse treats secrets.
type Options struct {
	// Getenv resolves a secret written as ${NAME}; nil refuses such references.
	// Set it only for who may read the process's environment (the command line).
	Getenv func(name string) (string, bool)
	// ReadFile resolves a secret written as file:/path; nil refuses such
	// references, for the same reason.
	ReadFile func(path string) ([]byte, error)
	// Stored takes secrets literally: the document is one that Marshal wrote
	// with its secrets revealed.
	Stored bool
	// Existing is the workspace as it is now. A masked secret keeps its value
	// from here; nil refuses masked secrets.
	Existing *Workspace
}

// gone explains keys that were once known (IC-05).
func gone() map[string]string {
	return map[string]string{
		Module + ".api_key": "Was replaced in version 1.0.0 of the extension. Write workspaces: {<Intercom workspace id>: {scope: SELECT Organization}} instead and remove api_key.",
	}
}

// Parse reads one workspace from YAML and checks it. It reports every mistake
// at once in one errs.Invalid, by dotted path, with the line in the text.
// Defaults stand for what the document does not say; a list in the document
// replaces the default list, a mapping is laid over the default mapping.
func Parse(r io.Reader, o Options) (Workspace, error) {
	w := New("")
	doc := strict.Decoder{Gone: gone()}.Decode(r, &w)
	var wrong mistakesByLine
	for _, m := range doc.Mistakes {
		path := m.Path
		if path == "" {
			path = "file"
		}
		wrong.add(path, m.Line, m.Text)
	}
	w.fill(func(path string) bool { return doc.Has(path) && !wrong.has(path) })
	for _, f := range w.resolve(o) {
		wrong.add(f.Path, doc.Line(f.Path), f.Text)
	}
	for _, f := range append(errs.FieldsOf(w.Validate()), w.explicit()...) {
		if !wrong.has(f.Path) {
			wrong.add(f.Path, doc.Line(f.Path), f.Text)
		}
	}
	return w, wrong.err()
}

// mistakesByLine collects mistakes of a document.
type mistakesByLine []struct {
	line  int
	field errs.Field
}

// add records a mistake.
func (m *mistakesByLine) add(path string, line int, text string) {
	if line > 0 {
		text = fmt.Sprintf("line %d: %s", line, text)
	}
	*m = append(*m, struct {
		line  int
		field errs.Field
	}{line, errs.Field{Path: path, Text: text}})
}

// has reports whether there is already a mistake at path, so that a value that
// could not be read is not called missing too.
func (m mistakesByLine) has(path string) bool {
	for _, one := range m {
		if one.field.Path == path {
			return true
		}
	}
	return false
}

// err returns all mistakes in the order of the lines, or nil.
func (m mistakesByLine) err() error {
	sort.SliceStable(m, func(i, j int) bool { return m[i].line < m[j].line })
	var fields errs.Fields
	for _, one := range m {
		fields = append(fields, one.field)
	}
	return fields.Err()
}

// fill gives defaults that depend on what else was said; given reports whether
// a path has a value of its own.
func (w *Workspace) fill(given func(path string) bool) {
	if w.Name == "" {
		w.Name = w.Slug
	}
	if !given("desk.create_persons") {
		w.Desk.CreatePersons = w.Desk.Kind == DeskBuiltin
	}
	if w.Desk.Kind == DeskITop {
		if w.Desk.Auth == "" {
			w.Desk.Auth = AuthForm
		}
		if w.Desk.TimeZone == "" {
			w.Desk.TimeZone = "Europe/Paris" // what a fresh iTop is set to
		}
	}
	w.Integration.foldStates(given(Module + ".sync_app.search_ticket.excluded_states"))
}

// foldStates moves done_states into excluded_states, which wins when it was
// given too (IC-23).
func (i *Integration) foldStates(excludedGiven bool) {
	if i.DoneStates != nil && !excludedGiven {
		i.ExcludedStates = i.DoneStates
	}
	i.DoneStates = nil
}

// explicit checks what must be written out although it has a default: another
// class of an iTop has the extension's attributes only when somebody put them
// there, so their codes must be said (IC-18).
func (w Workspace) explicit() []errs.Field {
	if w.Desk.Kind != DeskITop || w.Integration.TicketClass == "UserRequest" {
		return nil
	}
	var wrong errs.Fields
	at := Module + ".sync_app.ticket.attributes_mapping"
	for _, key := range []string{"intercom_ref", "intercom_url", "intercom_sync_activated"} {
		if _, ok := w.Integration.AttributesMapping[key]; !ok {
			wrong.Add(at+"."+key, "Must be given: the extension adds this attribute to UserRequest only, so say what it is called in %s.", w.Integration.TicketClass)
		}
	}
	return wrong
}
