package workspace

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/deskbridge/deskbridge/internal/errs"
	"github.com/deskbridge/deskbridge/internal/strict"
)

// Source is one file of an iTop: its configuration (PHP) or a design (XML).
type Source struct {
	Name string // for messages
	Data []byte
}

// Note says what an import left out or what somebody has to look at.
type Note struct {
	Parameter string // as the extension calls it, or the dotted path of ours
	Text      string
}

// String returns the note as one line.
func (n Note) String() string { return n.Parameter + ": " + n.Text }

// ImportITop makes a workspace of the extension's own configuration. XML
// designs are the base; each parameter of a PHP configuration overloads the
// whole parameter of the design, lists and hashes included (IC-44). Of the PHP
// file's $MySettings it takes app_root_url and timezone. No PHP is run.
//
// The workspace is not valid yet when something is missing, such as the login
// for iTop; the notes say so. An error (errs.Invalid) means that a file could
// not be read, that none of them configures the extension, or that it is still
// configured by api_key (IC-05).
func ImportITop(files ...Source) (Workspace, []Note, error) {
	m := &itopImport{w: New("itop")}
	m.w.Desk = Desk{Kind: DeskITop, Auth: AuthForm, TimeZone: "Europe/Paris"}
	if err := m.read(files); err != nil {
		return Workspace{}, nil, err
	}
	if m.parameters.kind != arrayLiteral {
		return Workspace{}, nil, errs.E(errs.Invalid, "None of the files configures %s.", Module)
	}
	if err := m.apply(); err != nil {
		return Workspace{}, nil, err
	}
	m.takeSettings()
	m.review()
	return m.w, m.notes, nil
}

// itopImport is an import under way.
type itopImport struct {
	w          Workspace
	notes      []Note
	parameters literal // of the module
	settings   literal // $MySettings
}

// note records something for people.
func (m *itopImport) note(parameter, format string, args ...any) {
	m.notes = append(m.notes, Note{parameter, fmt.Sprintf(format, args...)})
}

// read reads all files: designs first, then configurations over them.
func (m *itopImport) read(files []Source) error {
	known := parameterNames()
	for _, f := range files {
		if isPHP(f.Data) {
			continue
		}
		block, ok, err := parseDesign(f.Data, known)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		if ok {
			m.overload(block)
		}
	}
	for _, f := range files {
		if !isPHP(f.Data) {
			continue
		}
		php, err := parsePHP(string(f.Data))
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		for _, n := range php.notes {
			m.note(f.Name, "%s", n)
		}
		if block, ok := php.modules.get(Module); ok {
			m.overload(block)
		}
		m.settings = php.my
	}
	return nil
}

// isPHP tells a configuration from a design.
func isPHP(data []byte) bool {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	return bytes.HasPrefix(data, []byte("<?php")) || len(data) == 0 || data[0] != '<'
}

// overload lays parameters over those that are there, each as a whole.
func (m *itopImport) overload(block literal) {
	if block.kind != arrayLiteral {
		m.note(Module, "is not an array and was left out")
		return
	}
	m.parameters.kind = arrayLiteral
	for _, p := range block.pairs {
		m.parameters.set(p.key, p.whole, p.value)
	}
}

// apply gives the parameters to the decoder that reads our own files. What it
// refuses is left out with a note.
func (m *itopImport) apply() error {
	if l, ok := m.parameters.get("api_key"); ok {
		if _, both := m.parameters.get("workspaces"); !both {
			return errs.InvalidField("api_key", "line %d: %s", l.line, gone()[Module+".api_key"])
		}
		m.note("api_key", "was left out: workspaces has replaced it in version 1.0.0 of the extension")
	}
	known := parameterNames()
	for _, p := range m.parameters.pairs {
		switch {
		case p.key == "api_key":
		case !slices.Contains(known, p.key) || p.key == "sync_app.client_secret_previous":
			m.note(p.key, "was left out: the extension has no such parameter.%s", strict.Hint(p.key, known))
		case holdsOpaque(p.value):
			m.note(p.key, "was left out: PHP would have to compute it. Write it into the workspace by hand")
		default:
			m.one(p.key, p.value)
		}
	}
	_, excluded := m.parameters.get("sync_app.search_ticket.excluded_states")
	if _, done := m.parameters.get("sync_app.search_ticket.done_states"); done {
		if excluded {
			m.note("sync_app.search_ticket.done_states", "was left out: excluded_states is given too and wins")
		} else {
			m.note("sync_app.search_ticket.done_states", "became sync_app.search_ticket.excluded_states; the extension itself does not read done_states")
		}
	}
	m.w.Integration.foldStates(excluded)
	return nil
}

// one decodes one parameter.
func (m *itopImport) one(key string, value literal) {
	hash := key == "workspaces" || key == "sync_app.ticket.attributes_mapping"
	name := &yaml.Node{}
	name.SetString(key)
	block := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{name, value.node(hash)}}
	next := m.w.Integration
	if doc := (strict.Decoder{}).DecodeNode(block, &next); len(doc.Mistakes) > 0 {
		for _, wrong := range doc.Mistakes {
			m.note(wrong.Path, "was left out: line %d: %s", wrong.Line, wrong.Text)
		}
		return
	}
	m.w.Integration = next
}

// holdsOpaque reports whether part of a value could not be read.
func holdsOpaque(l literal) bool {
	return l.kind == opaqueLiteral || slices.ContainsFunc(l.pairs, func(p pair) bool { return holdsOpaque(p.value) })
}

// parameterNames are the names of the extension's parameters, and ours.
func parameterNames() []string {
	return strict.Keys(Integration{})
}

// takeSettings takes what $MySettings says about the iTop itself.
func (m *itopImport) takeSettings() {
	if root, ok := m.settings.get("app_root_url"); ok {
		u, err := url.Parse(root.text)
		if root.kind != scalarLiteral || err != nil || u.Host == "" || strings.Contains(root.text, "%") {
			m.note("desk.url", "app_root_url is computed by iTop; write iTop's address here")
		} else {
			m.w.Desk.URL = root.text
			m.w.Name = u.Hostname()
			m.w.Slug = slugOf(u.Hostname())
		}
	}
	if zone, ok := m.settings.get("timezone"); ok && zone.kind == scalarLiteral && zone.text != "" {
		m.w.Desk.TimeZone = zone.text
	}
	if levels, ok := m.settings.get("log_level_min"); ok {
		m.note("log_level_min", "belongs to the settings of the process (deskbridge.yaml): log_level_min: %s", levelsText(levels))
	}
	if m.w.Name == "" {
		m.w.Name = m.w.Slug
	}
}

// levelsText writes log_level_min as our settings file has it.
func levelsText(l literal) string {
	word := func(v literal) string {
		s := strings.ToLower(v.text)
		if _, name, ok := strings.Cut(s, "level_"); ok {
			return name // LogAPI::LEVEL_DEBUG
		}
		return s
	}
	if l.kind != arrayLiteral {
		return word(l)
	}
	var parts []string
	for _, p := range l.pairs {
		parts = append(parts, fmt.Sprintf("%q: %s", p.key, word(p.value)))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// slugOf makes a short name of a host.
func slugOf(host string) string {
	s := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(host)), "-")
	if len(s) > 63 {
		s = strings.Trim(s[:63], "-")
	}
	if s == "" {
		return "itop"
	}
	return s
}

// review looks at the result and tells what somebody has to do.
func (m *itopImport) review() {
	i := &m.w.Integration
	if m.w.Desk.URL == "" {
		m.note("desk.url", "write iTop's address (its app_root_url) here")
	}
	m.note("desk.user", "write the login of an iTop user with the profile REST Services User here, and its password below; the extension itself had none")
	m.reviewWorkspaces()
	for _, p := range []place{
		{[]string{"sync_app.client_secret"}, &i.ClientSecret}, {[]string{"sync_app.access_token"}, &i.AccessToken},
	} {
		if isPlaceholder(p.value.Reveal()) {
			*p.value = ""
		}
	}
	switch {
	case i.ClientSecret == "" && i.AccessToken == "":
		m.w.Sync.Enabled = false
		m.note("sync.enabled", "is false: there is no client secret and no access token, so this iTop uses the chat widget only")
	case i.ClientSecret == "":
		m.note("sync_app.client_secret", "is missing; write the client secret of your Intercom app here")
	case i.AccessToken == "":
		m.note("sync_app.access_token", "is missing; write the access token of your Intercom app here")
	}
	if !slices.Contains(urlMakers(), i.PortalURLMakerClass) {
		m.note("sync_app.portal_url_maker_class", "%s is a class of your own, which cannot be used here; links go to the standard portal (iTopPortalViewUrlMaker)", i.PortalURLMakerClass)
		i.PortalURLMakerClass = "iTopPortalViewUrlMaker"
	}
	if m.w.Sync.Enabled {
		m.note("sync.back", "public entries and resolved or closed states of a ticket now go to the conversation, which the extension did not do; off turns each of them off")
	}
	if len(i.EnabledPortals) > 0 {
		m.note("messenger.jwt_secret", "is new: with Intercom's Messenger API secret here, visitors cannot pretend to be somebody else")
	}
}

// reviewWorkspaces looks at the lines of workspaces.
func (m *itopImport) reviewWorkspaces() {
	i := &m.w.Integration
	kept := i.Workspaces[:0:0]
	for _, s := range i.Workspaces {
		if isPlaceholder(s.AppID) {
			m.note("workspaces", "%s is the placeholder of the example and was left out", s.AppID)
			continue
		}
		kept = append(kept, s)
	}
	i.Workspaces = kept
	switch len(kept) {
	case 0:
		m.note("workspaces", "has no line; write your Intercom workspace id and a scope here")
	case 1:
	default:
		m.note("workspaces", "%d Intercom workspaces share one client secret and one access token, as in the extension. An Intercom app belongs to one workspace as a rule: make one file for each that has secrets of its own", len(kept))
	}
}
