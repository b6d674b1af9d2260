package workspace

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Marshal writes a workspace as YAML that Parse reads. Secrets are masked
// unless reveal is true; masked ones mean "keep" when the text is applied again
// (Options.Existing), revealed ones are read back with Options.Stored.
func Marshal(w Workspace, reveal bool) ([]byte, error) {
	var root yaml.Node
	if err := root.Encode(w); err != nil {
		return nil, fmt.Errorf("encode workspace %s: %w", w.Slug, err)
	}
	block := child(&root, Module)
	drop(block, "sync_app.search_ticket.done_states") // Parse folds it into excluded_states
	if len(w.Integration.ClientSecretPrevious) == 0 {
		drop(block, "sync_app.client_secret_previous")
	}
	if reveal {
		for _, p := range w.secrets() {
			child(child(&root, p.keys[0]), p.keys[1]).SetString(p.value.Reveal())
		}
		if list := child(block, "sync_app.client_secret_previous"); list != nil {
			for i, s := range w.Integration.ClientSecretPrevious {
				list.Content[i].SetString(s.Reveal())
			}
		}
	}
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(&root); err != nil {
		return nil, fmt.Errorf("encode workspace %s: %w", w.Slug, err)
	}
	return out.Bytes(), nil
}

// child returns the value of a key in a mapping, or nil.
func child(n *yaml.Node, key string) *yaml.Node {
	for i := 0; n != nil && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// drop removes a key from a mapping.
func drop(n *yaml.Node, key string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			n.Content = append(n.Content[:i:i], n.Content[i+2:]...)
			return
		}
	}
}
