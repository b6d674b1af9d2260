// Package intercomtest is a stand-in for Intercom: contacts, teammates and
// conversations in memory, the part of the REST API that the bridge calls,
// signed webhooks and canvas calls with their faults, and the back-end of the
// inbox simulator that "deskbridge demo" serves.
//
// Server.Handler is Intercom's REST API, Server.Inbox what the simulator's page
// talks to, and Server.Transport carries REST calls to it without a network.
// Webhooks are queued with every change and sent by Run, or by DeliverDue when
// a test wants to decide when. The stand-in keeps nothing on disk.
//
// Package intercomjudge checks that its answers are like Intercom's.
package intercomtest
