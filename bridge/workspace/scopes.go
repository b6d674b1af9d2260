package workspace

import (
	"go.yaml.in/yaml/v3"

	"github.com/deskbridge/deskbridge/internal/strict"
)

// Scope ties an Intercom workspace to the people who belong to it.
type Scope struct {
	AppID string // Intercom's workspace id: "abcd1234"
	Scope string // OQL: "SELECT Organization" is everyone
}

// Scopes are the lines of the parameter workspaces, in the order of the file:
// the first one that matches wins (IC-15).
type Scopes []Scope

// DecodeNode reads a block {<app id>: {scope: <OQL>}} and keeps its order.
func (s *Scopes) DecodeNode(n *yaml.Node) error {
	type line struct {
		Scope string `yaml:"scope"`
	}
	var lines map[string]line
	doc := strict.Decoder{}.DecodeNode(n, &lines)
	out := Scopes{}
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		id := n.Content[i].Value
		if _, twice := out.of(id); !twice {
			out = append(out, Scope{AppID: id, Scope: lines[id].Scope})
		}
	}
	*s = out
	if len(doc.Mistakes) > 0 {
		return doc.Mistakes
	}
	return nil
}

// of returns the scope of an Intercom workspace.
func (s Scopes) of(appID string) (string, bool) {
	for _, one := range s {
		if one.AppID == appID {
			return one.Scope, true
		}
	}
	return "", false
}

// MarshalYAML writes the block in order.
func (s Scopes) MarshalYAML() (any, error) {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, one := range s {
		key, value := &yaml.Node{}, &yaml.Node{}
		key.SetString(one.AppID)
		value.SetString(one.Scope)
		scope := &yaml.Node{}
		scope.SetString("scope")
		n.Content = append(n.Content, key, &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{scope, value}})
	}
	return n, nil
}
