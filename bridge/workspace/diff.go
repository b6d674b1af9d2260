package workspace

import (
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Change is one difference between two set-ups. Secrets are never shown: a
// changed one reads as "changed" on the side of the new.
type Change struct {
	Path string `json:"path"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// Diff returns what differs, in the order of the file. It is what the audit log
// keeps and what "workspace apply" prints.
func Diff(before, after Workspace) ([]Change, error) {
	a, err := leaves(before)
	if err != nil {
		return nil, err
	}
	b, err := leaves(after)
	if err != nil {
		return nil, err
	}
	var out []Change
	for _, path := range union(a.order, b.order) {
		if a.value[path] != b.value[path] {
			out = append(out, Change{Path: path, Old: a.value[path], New: b.value[path]})
		}
	}
	return append(out, changedSecrets(before, after)...), nil
}

// changedSecrets finds secrets that differ although both sides have one.
func changedSecrets(before, after Workspace) []Change {
	var out []Change
	news := after.secrets()
	for i, p := range before.secrets() {
		if was, is := *p.value, *news[i].value; was != is && was != "" && is != "" {
			out = append(out, Change{Path: p.path(), Old: Masked, New: "changed"})
		}
	}
	was, is := before.Integration.ClientSecretPrevious, after.Integration.ClientSecretPrevious
	for i := range min(len(was), len(is)) {
		if was[i] != is[i] {
			out = append(out, Change{Path: previousKey + "[" + strconv.Itoa(i) + "]", Old: Masked, New: "changed"})
		}
	}
	return out
}

// flat is a document as paths and values.
type flat struct {
	order []string
	value map[string]string
}

// leaves flattens the masked form of a workspace.
func leaves(w Workspace) (flat, error) {
	out := flat{value: map[string]string{}}
	text, err := Marshal(w, false)
	if err != nil {
		return out, err
	}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return out, err
	}
	out.add("", root.Content[0])
	return out, nil
}

// add flattens one node.
func (f *flat) add(path string, n *yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			at := n.Content[i].Value
			if path != "" {
				at = path + "." + at
			}
			f.add(at, n.Content[i+1])
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			f.add(path+"["+strconv.Itoa(i)+"]", item)
		}
	default:
		f.order = append(f.order, path)
		f.value[path] = n.Value
	}
}

// union returns all paths, those of the first list first.
func union(a, b []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, list := range [][]string{a, b} {
		for _, p := range list {
			if !seen[p] {
				seen[p] = true
				out = append(out, p)
			}
		}
	}
	return out
}
