package workspace

import (
	"fmt"
	"io"

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
	var wrong errs.Fields
	for _, m := range doc.Mistakes {
		path := m.Path
		if path == "" {
			path = "file"
		}
		add(&wrong, path, m.Line, m.Text)
	}
	w.fill(doc)
	for _, f := range w.resolve(o) {
		add(&wrong, f.Path, doc.Line(f.Path), f.Text)
	}
	found := errs.FieldsOf(w.Validate())
	found = append(found, w.explicit(doc)...)
	for _, f := range found {
		if !mentions(wrong, f.Path) {
			add(&wrong, f.Path, doc.Line(f.Path), f.Text)
		}
	}
	return w, wrong.Err()
}

// add records a mistake with its line.
func add(wrong *errs.Fields, path string, line int, text string) {
	if line > 0 {
		text = fmt.Sprintf("line %d: %s", line, text)
	}
	wrong.Add(path, "%s", text)
}

// mentions reports whether there is already a mistake at path, so that a value
// that could not be read is not called missing too.
func mentions(wrong errs.Fields, path string) bool {
	for _, f := range wrong {
		if f.Path == path {
			return true
		}
	}
	return false
}

// fill gives defaults that depend on what else was said.
func (w *Workspace) fill(doc *strict.Document) {
	if w.Name == "" {
		w.Name = w.Slug
	}
	if !doc.Has("desk.create_persons") {
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
	w.Integration.foldStates(doc.Has(Module + ".sync_app.search_ticket.excluded_states"))
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
func (w Workspace) explicit(doc *strict.Document) []errs.Field {
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
