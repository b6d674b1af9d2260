-- The built-in desk: who asks, who answers, what is asked. See package tickets.

CREATE TABLE desks (
  id          INTEGER PRIMARY KEY,
  name        TEXT    NOT NULL UNIQUE,
  change_seq  BIGINT  NOT NULL DEFAULT 0, -- the last number given to a change of a ticket
  created_at  BIGINT  NOT NULL
);
INSERT INTO desks (id, name, created_at) VALUES (1, 'main', 0);

CREATE TABLE desk_counters (
  desk_id  INTEGER NOT NULL REFERENCES desks (id),
  class    TEXT    NOT NULL,
  last     BIGINT  NOT NULL,
  PRIMARY KEY (desk_id, class)
) WITHOUT ROWID;

CREATE TABLE organisations (
  id          INTEGER PRIMARY KEY,
  desk_id     INTEGER NOT NULL REFERENCES desks (id),
  name        TEXT    NOT NULL,
  code        TEXT    NOT NULL DEFAULT '',
  parent_id   INTEGER REFERENCES organisations (id),
  search_key  TEXT    NOT NULL, -- the name, folded, for look-ups and order
  created_at  BIGINT  NOT NULL,
  updated_at  BIGINT  NOT NULL
);
CREATE INDEX organisations_name ON organisations (desk_id, search_key, id);
CREATE INDEX organisations_exact ON organisations (desk_id, name);
CREATE UNIQUE INDEX organisations_code ON organisations (desk_id, code) WHERE code <> '';
CREATE INDEX organisations_parent ON organisations (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE persons (
  id            INTEGER PRIMARY KEY,
  desk_id       INTEGER NOT NULL REFERENCES desks (id),
  org_id        INTEGER NOT NULL REFERENCES organisations (id),
  first_name    TEXT    NOT NULL DEFAULT '',
  name          TEXT    NOT NULL,
  friendlyname  TEXT    NOT NULL,
  email         TEXT    NOT NULL DEFAULT '',
  email_key     TEXT    NOT NULL DEFAULT '', -- the address in lower case, for look-ups
  search_key    TEXT    NOT NULL, -- name and address, folded
  phone         TEXT    NOT NULL DEFAULT '',
  mobile_phone  TEXT    NOT NULL DEFAULT '',
  function      TEXT    NOT NULL DEFAULT '',
  obsolete      BOOLEAN NOT NULL DEFAULT FALSE,
  created_at    BIGINT  NOT NULL,
  updated_at    BIGINT  NOT NULL
);
CREATE INDEX persons_email ON persons (desk_id, email_key, id) WHERE email_key <> '';
CREATE INDEX persons_name ON persons (desk_id, search_key, id);
CREATE INDEX persons_org ON persons (org_id, search_key, id);

CREATE TABLE teams (
  id          INTEGER PRIMARY KEY,
  desk_id     INTEGER NOT NULL REFERENCES desks (id),
  org_id      INTEGER REFERENCES organisations (id),
  name        TEXT    NOT NULL,
  email       TEXT    NOT NULL DEFAULT '',
  search_key  TEXT    NOT NULL,
  created_at  BIGINT  NOT NULL,
  updated_at  BIGINT  NOT NULL
);
CREATE UNIQUE INDEX teams_name ON teams (desk_id, name);
CREATE INDEX teams_org ON teams (org_id) WHERE org_id IS NOT NULL;

CREATE TABLE team_members (
  team_id      INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  person_id    INTEGER NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
  can_read     BOOLEAN NOT NULL DEFAULT TRUE,
  can_write    BOOLEAN NOT NULL DEFAULT TRUE,
  all_tickets  BOOLEAN NOT NULL DEFAULT FALSE,
  PRIMARY KEY (team_id, person_id)
) WITHOUT ROWID;
CREATE INDEX team_members_person ON team_members (person_id);

CREATE TABLE services (
  id           INTEGER PRIMARY KEY,
  desk_id      INTEGER NOT NULL REFERENCES desks (id),
  name         TEXT    NOT NULL,
  description  TEXT    NOT NULL DEFAULT '',
  search_key   TEXT    NOT NULL,
  created_at   BIGINT  NOT NULL,
  updated_at   BIGINT  NOT NULL
);
CREATE UNIQUE INDEX services_name ON services (desk_id, name);

-- A service without rows here is open to every organisation.
CREATE TABLE service_organisations (
  service_id  INTEGER NOT NULL REFERENCES services (id) ON DELETE CASCADE,
  org_id      INTEGER NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
  PRIMARY KEY (service_id, org_id)
) WITHOUT ROWID;
CREATE INDEX service_organisations_org ON service_organisations (org_id);

CREATE TABLE service_subcategories (
  id           INTEGER PRIMARY KEY,
  desk_id      INTEGER NOT NULL REFERENCES desks (id),
  service_id   INTEGER NOT NULL REFERENCES services (id),
  name         TEXT    NOT NULL,
  description  TEXT    NOT NULL DEFAULT '',
  search_key   TEXT    NOT NULL,
  created_at   BIGINT  NOT NULL,
  updated_at   BIGINT  NOT NULL
);
CREATE UNIQUE INDEX service_subcategories_name ON service_subcategories (service_id, name);
CREATE INDEX service_subcategories_desk ON service_subcategories (desk_id, name);

CREATE TABLE custom_fields (
  id         INTEGER PRIMARY KEY,
  desk_id    INTEGER NOT NULL REFERENCES desks (id),
  class      TEXT    NOT NULL DEFAULT '', -- '' for every class
  code       TEXT    NOT NULL,
  label      TEXT    NOT NULL,
  type       TEXT    NOT NULL,
  mandatory  BOOLEAN NOT NULL DEFAULT FALSE,
  options    TEXT    NOT NULL DEFAULT '[]', -- JSON: [{"value","label"}]
  position   INTEGER NOT NULL DEFAULT 0,
  created_at BIGINT  NOT NULL,
  updated_at BIGINT  NOT NULL
);
CREATE UNIQUE INDEX custom_fields_code ON custom_fields (desk_id, code);

CREATE TABLE tickets (
  id                       INTEGER PRIMARY KEY,
  desk_id                  INTEGER NOT NULL REFERENCES desks (id),
  class                    TEXT    NOT NULL,
  ref                      TEXT    NOT NULL,
  token                    TEXT, -- who asked for it, for idempotent creation
  title                    TEXT    NOT NULL,
  description              TEXT    NOT NULL,
  status                   TEXT    NOT NULL,
  urgency                  INTEGER NOT NULL,
  impact                   INTEGER NOT NULL,
  priority                 INTEGER NOT NULL,
  origin                   TEXT    NOT NULL,
  org_id                   INTEGER NOT NULL REFERENCES organisations (id),
  caller_id                INTEGER REFERENCES persons (id),
  agent_id                 INTEGER REFERENCES persons (id),
  team_id                  INTEGER REFERENCES teams (id),
  service_id               INTEGER REFERENCES services (id),
  servicesubcategory_id    INTEGER REFERENCES service_subcategories (id),
  intercom_ref             TEXT    NOT NULL DEFAULT '',
  intercom_url             TEXT    NOT NULL DEFAULT '',
  intercom_sync_activated  BOOLEAN NOT NULL DEFAULT FALSE,
  solution                 TEXT    NOT NULL DEFAULT '',
  resolution_code          TEXT    NOT NULL DEFAULT '',
  pending_reason           TEXT    NOT NULL DEFAULT '',
  custom                   TEXT    NOT NULL DEFAULT '{}', -- JSON: raw values by code
  start_date               BIGINT  NOT NULL,
  last_update              BIGINT  NOT NULL,
  assignment_date          BIGINT  NOT NULL DEFAULT 0,
  resolution_date          BIGINT  NOT NULL DEFAULT 0,
  close_date               BIGINT  NOT NULL DEFAULT 0,
  version                  BIGINT  NOT NULL DEFAULT 1, -- grows with every changed attribute, not with the logs
  change_seq               BIGINT  NOT NULL           -- grows with everything, logs included
);
CREATE UNIQUE INDEX tickets_ref ON tickets (desk_id, ref);
CREATE UNIQUE INDEX tickets_token ON tickets (desk_id, token) WHERE token IS NOT NULL;
CREATE INDEX tickets_desk ON tickets (desk_id);
CREATE INDEX tickets_caller ON tickets (desk_id, caller_id, status, class);
CREATE INDEX tickets_org ON tickets (desk_id, org_id, status, class);
CREATE INDEX tickets_team ON tickets (desk_id, team_id);
CREATE INDEX tickets_reach ON tickets (desk_id, team_id, agent_id);
CREATE INDEX tickets_agent ON tickets (desk_id, agent_id, status);
CREATE INDEX tickets_status ON tickets (desk_id, status, class);
CREATE INDEX tickets_intercom ON tickets (desk_id, intercom_ref) WHERE intercom_ref <> '';
CREATE INDEX tickets_updated ON tickets (desk_id, last_update);
CREATE INDEX tickets_changed ON tickets (desk_id, change_seq);
CREATE INDEX tickets_service ON tickets (service_id) WHERE service_id IS NOT NULL;
CREATE INDEX tickets_subcategory ON tickets (servicesubcategory_id) WHERE servicesubcategory_id IS NOT NULL;

CREATE TABLE ticket_entries (
  id           INTEGER PRIMARY KEY,
  ticket_id    INTEGER NOT NULL REFERENCES tickets (id),
  log          TEXT    NOT NULL, -- public, private
  at           BIGINT  NOT NULL,
  person_id    INTEGER REFERENCES persons (id),
  author_name  TEXT    NOT NULL,
  html         TEXT    NOT NULL,
  marker       TEXT, -- who asked for it, for idempotent appending
  source       TEXT    NOT NULL DEFAULT '',
  synced       BOOLEAN NOT NULL DEFAULT FALSE,
  by_desk      BOOLEAN NOT NULL DEFAULT FALSE,
  created_at   BIGINT  NOT NULL
);
CREATE INDEX ticket_entries_ticket ON ticket_entries (ticket_id, log);
CREATE UNIQUE INDEX ticket_entries_marker ON ticket_entries (ticket_id, marker) WHERE marker IS NOT NULL;

CREATE TABLE ticket_attachments (
  id           TEXT    PRIMARY KEY, -- 128 random bits, in hex
  ticket_id    INTEGER NOT NULL REFERENCES tickets (id),
  log          TEXT    NOT NULL, -- public: the caller may see it
  name         TEXT    NOT NULL,
  type         TEXT    NOT NULL, -- sniffed, never taken from the sender
  size         BIGINT  NOT NULL,
  sha256       TEXT    NOT NULL,
  marker       TEXT,
  person_id    INTEGER REFERENCES persons (id),
  author_name  TEXT    NOT NULL,
  created_at   BIGINT  NOT NULL
);
CREATE INDEX ticket_attachments_ticket ON ticket_attachments (ticket_id, created_at);
CREATE UNIQUE INDEX ticket_attachments_marker ON ticket_attachments (ticket_id, marker) WHERE marker IS NOT NULL;

-- One row for each changed attribute, with its old and new raw value.
CREATE TABLE ticket_changes (
  id          INTEGER PRIMARY KEY,
  ticket_id   INTEGER NOT NULL REFERENCES tickets (id),
  at          BIGINT  NOT NULL,
  user_id     BIGINT  NOT NULL DEFAULT 0,
  actor_name  TEXT    NOT NULL,
  attribute   TEXT    NOT NULL,
  old_value   TEXT    NOT NULL,
  new_value   TEXT    NOT NULL
);
CREATE INDEX ticket_changes_ticket ON ticket_changes (ticket_id);

-- Words are folded and split by package tickets, so that the tokenizer only
-- splits at blanks. Words of the scope column begin with an underscore, which no
-- word of a person does. The docid is the ticket's id. See docs/adr/0004.
CREATE VIRTUAL TABLE ticket_search USING fts4 (
  scope, public, private,
  tokenize=simple delimiters " *:",
  order=desc, matchinfo=fts3, prefix="3,5"
);
