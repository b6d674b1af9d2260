// Package auth knows who is calling: users with their roles, sessions with
// their cookie, and API keys.
//
// It owns the tables users, sessions, api_keys and setup_tokens. What a person
// may do with a ticket is decided by the desk; auth says only who it is and in
// which role.
package auth
