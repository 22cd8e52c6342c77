CREATE TABLE access_changes_wider (
    revision BIGINT NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('user', 'role', 'roles', 'account', 'entity', 'location', 'tokens', 'types', 'resource', 'all')),
    id       TEXT NOT NULL,
    PRIMARY KEY (revision, kind, id)
);
INSERT INTO access_changes_wider (revision, kind, id) SELECT revision, kind, id FROM access_changes;
DROP TABLE access_changes;
ALTER TABLE access_changes_wider RENAME TO access_changes;
