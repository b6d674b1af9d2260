// Package strict decodes YAML that people write by hand, and tells them every
// mistake at once: the dotted path, the line, and what would be right.
//
// The YAML library alone stops at the first unknown key of a struct, names
// neither path nor allowed values, and takes 5 for a duration of 5 nanoseconds.
// This package walks the document beside the struct instead. It knows no
// setting by name: what the keys are and what they mean belongs to its callers
// (config, bridge/workspace).
package strict
