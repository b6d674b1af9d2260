package workspace

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// SlugOf returns the name that a workspace document gives itself, or "" when it
// has none or cannot be read: Parse says what is wrong with it.
func SlugOf(document string) string {
	var head struct {
		Slug string `yaml:"workspace"`
	}
	if err := yaml.NewDecoder(strings.NewReader(document)).Decode(&head); err != nil {
		return ""
	}
	return head.Slug
}
