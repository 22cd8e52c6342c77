CREATE TABLE access_changes_wider (
    revision BIGINT NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('user', 'role', 'roles', 'account', 'entity', 'location', 'tokens', 'types', 'resource', 'all')),
    id       TEXT NOT NULL,
    PRIMARY KEY (revision, kind, id)
);
INSERT INTO access_changes_wider (revision, kind, id) SELECT revision, kind, id FROM access_changes;
DROP TABLE access_changes;
ALTER TABLE access_changes_wider RENAME TO access_changes;
CREATE TABLE service_tokens_wider (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    id         TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('decisions', 'resources')),
    name       TEXT NOT NULL,
    name_key   TEXT NOT NULL,
    hash       BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    revoked_by TEXT,
    PRIMARY KEY (account_id, id),
    UNIQUE (id),
    UNIQUE (account_id, name_key)
);
INSERT INTO service_tokens_wider (account_id, id, kind, name, name_key, hash, created_at, created_by, expires_at, revoked_at, revoked_by)
    SELECT account_id, id, kind, name, name_key, hash, created_at, created_by, expires_at, revoked_at, revoked_by FROM service_tokens;
DROP TABLE service_tokens;
ALTER TABLE service_tokens_wider RENAME TO service_tokens;
