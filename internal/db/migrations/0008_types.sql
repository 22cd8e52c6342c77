-- Resource types of a platform's own services.

-- A type is the installation's. actions and properties are lists in JSON: each is
-- read and written whole. It is retired and not removed, for roles may name it.
CREATE TABLE resource_types (
    name        TEXT PRIMARY KEY,
    title       TEXT NOT NULL,
    entity_from TEXT NOT NULL CHECK (entity_from IN ('store', 'caller', 'account')),
    located     BOOLEAN NOT NULL,
    actions     TEXT NOT NULL,
    properties  TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    retired_at  BIGINT,
    version     BIGINT NOT NULL DEFAULT 1
);

-- What is registered of users, for conditions on what is of those types.
CREATE TABLE user_properties (
    name       TEXT PRIMARY KEY,
    title      TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('text', 'number', 'boolean', 'user')),
    vouched    TEXT NOT NULL CHECK (vouched IN ('store', 'caller')),
    created_at BIGINT NOT NULL,
    retired_at BIGINT,
    version    BIGINT NOT NULL DEFAULT 1
);

-- A value of a registered property of somebody, as a member of one account.
CREATE TABLE membership_properties (
    account_id    TEXT NOT NULL,
    membership_id TEXT NOT NULL,
    name          TEXT NOT NULL REFERENCES user_properties (name),
    value         TEXT NOT NULL,
    PRIMARY KEY (account_id, membership_id, name),
    FOREIGN KEY (account_id, membership_id) REFERENCES memberships (account_id, id)
);

-- A resource of a registered type, stored by the account whose tokens see it, of an
-- entity of that account or below. properties is an object in JSON, name to text.
CREATE TABLE resources (
    account_id  TEXT NOT NULL REFERENCES accounts (id),
    type        TEXT NOT NULL REFERENCES resource_types (name),
    id          TEXT NOT NULL,
    entity_id   TEXT NOT NULL REFERENCES entities (id),
    location_id TEXT REFERENCES locations (id),
    properties  TEXT NOT NULL,
    changed_at  BIGINT NOT NULL,
    version     BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (account_id, type, id)
);
CREATE INDEX resources_entity ON resources (account_id, entity_id);

-- What roles name of a type is looked for before one of its actions is taken away.
CREATE INDEX policy_permissions_permission ON policy_permissions (permission);
CREATE INDEX role_permissions_permission ON role_permissions (permission);
