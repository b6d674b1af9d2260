// Package builtin makes the built-in desk (package tickets) a desk.Desk.
//
// It owns the translation between the bridge's words and the domain's:
// attribute codes, raw values, options of forms, scopes. It stores nothing and
// decides nothing about tickets.
package builtin
