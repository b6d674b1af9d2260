-- Who may come in, and who changed what. See packages auth and audit.
-- desk_id names a row of desks, which a later migration makes.

CREATE TABLE users (
  id             INTEGER PRIMARY KEY,
  desk_id        INTEGER NOT NULL,
  email          TEXT    NOT NULL,
  email_key      TEXT    NOT NULL UNIQUE, -- the address in lower case, for look-ups
  name           TEXT    NOT NULL,
  role           TEXT    NOT NULL CHECK (role IN ('administrator', 'dispatcher', 'supporter', 'portal')),
  person_id      INTEGER NOT NULL DEFAULT 0, -- the contact of the desk, 0 when there is none
  profiles       TEXT    NOT NULL DEFAULT '[]', -- JSON list of names, such as "Portal user"
  password_hash  TEXT    NOT NULL DEFAULT '', -- argon2id; '' when no password was set yet
  password_at    BIGINT  NOT NULL DEFAULT 0,
  disabled       BOOLEAN NOT NULL DEFAULT FALSE,
  signed_in_at   BIGINT  NOT NULL DEFAULT 0,
  created_at     BIGINT  NOT NULL,
  updated_at     BIGINT  NOT NULL
);
CREATE INDEX users_desk ON users (desk_id, email_key);
CREATE INDEX users_person ON users (desk_id, person_id) WHERE person_id <> 0;

CREATE TABLE sessions (
  token_hash  TEXT    PRIMARY KEY, -- SHA-256 of the cookie; the cookie itself is not stored
  user_id     INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  data        BLOB    NOT NULL,
  created_at  BIGINT  NOT NULL, -- counts towards the absolute timeout
  seen_at     BIGINT  NOT NULL  -- counts towards the idle timeout
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_seen ON sessions (seen_at);

CREATE TABLE api_keys (
  id            INTEGER PRIMARY KEY,
  desk_id       INTEGER NOT NULL,
  user_id       INTEGER REFERENCES users (id) ON DELETE CASCADE, -- dies with the user; NULL for a program's own key
  name          TEXT    NOT NULL,
  prefix        TEXT    NOT NULL, -- the first characters, so that people can tell keys apart
  token_hash    TEXT    NOT NULL UNIQUE, -- SHA-256; the key itself is shown once and not stored
  role          TEXT    NOT NULL CHECK (role IN ('administrator', 'dispatcher', 'supporter', 'portal')),
  scope         TEXT    NOT NULL CHECK (scope IN ('read', 'write')),
  created_by    TEXT    NOT NULL,
  created_at    BIGINT  NOT NULL,
  last_used_at  BIGINT  NOT NULL DEFAULT 0,
  revoked_at    BIGINT  NOT NULL DEFAULT 0
);
CREATE INDEX api_keys_desk ON api_keys (desk_id, id);
CREATE INDEX api_keys_user ON api_keys (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE setup_tokens (
  token_hash  TEXT   PRIMARY KEY,
  created_at  BIGINT NOT NULL,
  expires_at  BIGINT NOT NULL
);

CREATE TABLE audit_log (
  id       INTEGER PRIMARY KEY,
  desk_id  INTEGER NOT NULL,
  at       BIGINT  NOT NULL,
  actor    TEXT    NOT NULL, -- "user:7", "key:3", "setup", "cli", "system"
  action   TEXT    NOT NULL, -- "user.disabled"
  subject  TEXT    NOT NULL, -- "user:7"
  old      TEXT,             -- JSON, secrets masked
  new      TEXT,
  address  TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX audit_log_desk ON audit_log (desk_id, id);
CREATE INDEX audit_log_subject ON audit_log (desk_id, subject, id);
CREATE INDEX audit_log_actor ON audit_log (desk_id, actor, id);
CREATE INDEX audit_log_action ON audit_log (desk_id, action, id);
