-- A workspace: its set-up as a sealed YAML document (secrets never lie here in clear).
CREATE TABLE bridge_workspaces (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  desk_id INTEGER NOT NULL,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  setup TEXT NOT NULL,
  version INTEGER NOT NULL,
  polled TEXT NOT NULL DEFAULT '',
  searched_at BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX bridge_workspaces_desk ON bridge_workspaces (desk_id, slug);

-- Which of Intercom's workspace ids speak to which workspace.
CREATE TABLE bridge_apps (
  app_id TEXT PRIMARY KEY,
  workspace_id INTEGER NOT NULL REFERENCES bridge_workspaces (id) ON DELETE CASCADE
);
CREATE INDEX bridge_apps_workspace ON bridge_apps (workspace_id);

-- Every notification that was answered with 200, once; absorbed by a job.
CREATE TABLE bridge_receipts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  notification_id TEXT NOT NULL,
  conversation TEXT NOT NULL,
  topic TEXT NOT NULL,
  body BLOB NOT NULL,
  error TEXT NOT NULL DEFAULT '',
  received_at BIGINT NOT NULL,
  absorbed_at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX bridge_receipts_once ON bridge_receipts (workspace_id, notification_id);
CREATE INDEX bridge_receipts_waiting ON bridge_receipts (workspace_id, conversation, id) WHERE absorbed_at = 0;
CREATE INDEX bridge_receipts_old ON bridge_receipts (received_at);

CREATE TABLE bridge_conversations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL REFERENCES bridge_workspaces (id) ON DELETE CASCADE,
  remote_id TEXT NOT NULL,
  app_id TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'open',
  contact_id TEXT NOT NULL DEFAULT '',
  contact_name TEXT NOT NULL DEFAULT '',
  contact_email TEXT NOT NULL DEFAULT '',
  person_class TEXT NOT NULL DEFAULT '',
  person_id TEXT NOT NULL DEFAULT '',
  remote_updated_at BIGINT NOT NULL DEFAULT 0,
  recheck BOOLEAN NOT NULL DEFAULT FALSE,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX bridge_conversations_remote ON bridge_conversations (workspace_id, remote_id);

CREATE TABLE bridge_parts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  conversation_id INTEGER NOT NULL REFERENCES bridge_conversations (id) ON DELETE CASCADE,
  remote_id TEXT NOT NULL,
  log TEXT NOT NULL,
  author_type TEXT NOT NULL,
  author_id TEXT NOT NULL,
  author_name TEXT NOT NULL,
  author_email TEXT NOT NULL,
  html TEXT NOT NULL,
  attachments TEXT NOT NULL DEFAULT '[]',
  exact BOOLEAN NOT NULL DEFAULT FALSE,
  redacted BOOLEAN NOT NULL DEFAULT FALSE,
  ours BOOLEAN NOT NULL DEFAULT FALSE,
  said_at BIGINT NOT NULL,
  received_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX bridge_parts_remote ON bridge_parts (conversation_id, remote_id);
CREATE INDEX bridge_parts_received ON bridge_parts (received_at);

-- One conversation tied to one ticket. A ticket has at most one conversation.
CREATE TABLE bridge_links (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL REFERENCES bridge_workspaces (id) ON DELETE CASCADE,
  conversation_id INTEGER NOT NULL REFERENCES bridge_conversations (id) ON DELETE CASCADE,
  place TEXT NOT NULL,
  ticket_class TEXT NOT NULL,
  ticket_id TEXT NOT NULL,
  ticket_ref TEXT NOT NULL,
  ticket_status TEXT NOT NULL DEFAULT '',
  active BOOLEAN NOT NULL DEFAULT TRUE,
  copy_before BOOLEAN NOT NULL DEFAULT FALSE,
  planned INTEGER NOT NULL DEFAULT 0,
  desk_changes INTEGER NOT NULL DEFAULT 1,
  desk_seen INTEGER NOT NULL DEFAULT 0,
  flag_pending BOOLEAN NOT NULL DEFAULT FALSE,
  created_by TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX bridge_links_ticket ON bridge_links (place, ticket_class, ticket_id);
CREATE INDEX bridge_links_conversation ON bridge_links (conversation_id, id);
CREATE INDEX bridge_links_workspace ON bridge_links (workspace_id, id);

-- When a link was paused, and until when (0: still is).
CREATE TABLE bridge_pauses (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  link_id INTEGER NOT NULL REFERENCES bridge_links (id) ON DELETE CASCADE,
  from_at BIGINT NOT NULL,
  until_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX bridge_pauses_link ON bridge_pauses (link_id, id);

-- One row per part or entry that must be mirrored across a link.
CREATE TABLE bridge_ledger (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  link_id INTEGER NOT NULL REFERENCES bridge_links (id) ON DELETE CASCADE,
  direction TEXT NOT NULL,
  source TEXT NOT NULL,
  position TEXT NOT NULL,
  log TEXT NOT NULL,
  author TEXT NOT NULL DEFAULT '',
  speaker TEXT NOT NULL DEFAULT '',
  html TEXT NOT NULL DEFAULT '',
  said_at BIGINT NOT NULL,
  status TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  attempts INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  remote_id TEXT NOT NULL DEFAULT '',
  tried_at BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX bridge_ledger_once ON bridge_ledger (link_id, direction, source);
CREATE INDEX bridge_ledger_pending ON bridge_ledger (link_id, direction, position) WHERE status = 'pending';
CREATE INDEX bridge_ledger_status ON bridge_ledger (workspace_id, status, id);
CREATE INDEX bridge_ledger_remote ON bridge_ledger (link_id, remote_id) WHERE direction = 'out';

-- One creation form as an agent sent it; making the ticket is idempotent by token.
CREATE TABLE bridge_forms (
  token TEXT PRIMARY KEY,
  workspace_id INTEGER NOT NULL REFERENCES bridge_workspaces (id) ON DELETE CASCADE,
  conversation_id INTEGER NOT NULL REFERENCES bridge_conversations (id) ON DELETE CASCADE,
  admin TEXT NOT NULL,
  values_json TEXT NOT NULL,
  state TEXT NOT NULL,
  error TEXT NOT NULL DEFAULT '',
  fields_json TEXT NOT NULL DEFAULT '[]',
  ticket_class TEXT NOT NULL DEFAULT '',
  ticket_id TEXT NOT NULL DEFAULT '',
  ticket_ref TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX bridge_forms_waiting ON bridge_forms (conversation_id, created_at) WHERE state = 'waiting';
CREATE INDEX bridge_forms_old ON bridge_forms (updated_at);
