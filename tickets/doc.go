// Package tickets is the built-in desk: organisations, people, teams, services
// and the tickets that people open, with their public and private log, their
// attachments, their history, full-text search and a REST API.
//
// It owns the tables of migration 0003_tickets, the directory of attachments,
// the rules of who may see and do what with a ticket (see Actor), and the life
// of a ticket (see Stimulus; docs/tickets.md draws it). It knows nothing about
// conversations: what must follow a change of a ticket hooks in by
// Config.Notify, inside the transaction. Pages for people are in portal.
//
// Words are iTop's, so that a workspace can move between the two desks: the
// classes UserRequest and Incident, attribute codes such as org_id and
// intercom_ref, the stimuli ev_assign to ev_reject.
package tickets
