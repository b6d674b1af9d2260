-- state: 0 waiting, 1 running, 2 waiting again after a try (it holds its key),
-- 3 parked behind another job of its key, 4 dead.
CREATE TABLE jobs (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    kind         TEXT    NOT NULL,
    job_key      TEXT    NOT NULL,
    payload      TEXT    NOT NULL,
    state        INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 4),
    unique_job   BOOLEAN NOT NULL DEFAULT FALSE,
    attempts     INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL DEFAULT 0,
    claims       INTEGER NOT NULL DEFAULT 0,
    node         TEXT    NOT NULL DEFAULT '',
    lease_until  BIGINT  NOT NULL DEFAULT 0,
    run_at       BIGINT  NOT NULL,
    created_at   BIGINT  NOT NULL,
    last_error   TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX jobs_due ON jobs (kind, run_at, id) WHERE state IN (0, 2);
CREATE INDEX jobs_running ON jobs (kind, job_key, lease_until) WHERE state = 1;
CREATE INDEX jobs_retrying ON jobs (kind, job_key, id) WHERE state = 2;
CREATE INDEX jobs_parked ON jobs (kind, job_key, id) WHERE state = 3;
CREATE INDEX jobs_dead ON jobs (kind, id) WHERE state = 4;
CREATE UNIQUE INDEX jobs_unique ON jobs (kind, job_key) WHERE unique_job AND state IN (0, 2, 3);
