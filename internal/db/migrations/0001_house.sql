-- The house. One text for SQLite and PostgreSQL. Times are microseconds UTC.
-- Names ending in _key are computed in Go (NFKC, case folding) and compared as bytes.

CREATE TABLE ledger (
    id       BIGINT PRIMARY KEY CHECK (id = 1),
    seq      BIGINT NOT NULL,   -- the last audit entry
    revision BIGINT NOT NULL    -- grows when something that a decision reads has changed
);
INSERT INTO ledger (id, seq, revision) VALUES (1, 0, 1);

-- What belongs to the installation as a whole: its id, the demo mark.
CREATE TABLE instance (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- The business tree. path has fixed-width parts of six characters, so that an
-- entity and all below it are the range path <= x < path || '~'.
CREATE TABLE entities (
    id            TEXT PRIMARY KEY,
    account_id    TEXT NOT NULL,
    parent_id     TEXT REFERENCES entities (id),
    kind          TEXT NOT NULL CHECK (kind IN ('platform', 'facilitator', 'partner', 'merchant', 'legal_entity')),
    customer_id   TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    search_key    TEXT NOT NULL,
    path          TEXT NOT NULL UNIQUE,
    next_child    BIGINT NOT NULL DEFAULT 0,
    active        BOOLEAN NOT NULL DEFAULT TRUE,
    version       BIGINT NOT NULL DEFAULT 1,
    created_at    BIGINT NOT NULL
);
CREATE INDEX entities_parent ON entities (parent_id);
CREATE INDEX entities_account ON entities (account_id, path);

-- An account is an entity that has users, roles, policies and settings of its own.
-- admins counts the active holders of an unexpiring administrator role.
CREATE TABLE accounts (
    id              TEXT PRIMARY KEY,
    entity_id       TEXT NOT NULL UNIQUE REFERENCES entities (id) DEFERRABLE INITIALLY DEFERRED,
    alias           TEXT NOT NULL DEFAULT '',
    profile         TEXT NOT NULL,
    profile_version BIGINT NOT NULL,
    environment     TEXT NOT NULL CHECK (environment IN ('test', 'live')),
    is_open         BOOLEAN NOT NULL DEFAULT FALSE,
    admins          BIGINT NOT NULL DEFAULT 0,
    version         BIGINT NOT NULL DEFAULT 1,
    created_at      BIGINT NOT NULL,
    CONSTRAINT accounts_keep_an_administrator CHECK (NOT is_open OR admins > 0)
);

-- What an account changed of its profile's settings.
CREATE TABLE account_settings (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name       TEXT NOT NULL,
    value      TEXT NOT NULL,
    PRIMARY KEY (account_id, name)
);

CREATE TABLE locations (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    id         TEXT NOT NULL,
    entity_id  TEXT NOT NULL REFERENCES entities (id),
    name       TEXT NOT NULL,
    web_site   TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (id)
);

CREATE TABLE terminals (
    account_id  TEXT NOT NULL,
    id          TEXT NOT NULL,
    location_id TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('web_shop', 'pay_gate', 'phone_order')),
    name        TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (id),
    FOREIGN KEY (account_id, location_id) REFERENCES locations (account_id, id)
);

-- A person (or one system-generated login), once, whatever accounts they are in.
CREATE TABLE users (
    id              TEXT PRIMARY KEY,
    first_name      TEXT NOT NULL,
    last_name       TEXT NOT NULL DEFAULT '',
    sort_key        TEXT NOT NULL,
    search_key      TEXT NOT NULL,
    email           TEXT,
    email_key       TEXT UNIQUE,
    username        TEXT,
    username_key    TEXT UNIQUE,
    phone           TEXT NOT NULL DEFAULT '',
    language        TEXT NOT NULL DEFAULT 'en',
    time_zone       TEXT NOT NULL DEFAULT 'UTC',
    theme           TEXT NOT NULL DEFAULT 'auto' CHECK (theme IN ('auto', 'light', 'dark')),
    password_hash   TEXT,
    password_set_at BIGINT,
    inactive_locked_at BIGINT,
    last_sign_in_at BIGINT,
    epoch           BIGINT NOT NULL DEFAULT 1,
    version         BIGINT NOT NULL DEFAULT 1,
    created_at      BIGINT NOT NULL,
    CHECK (email_key IS NOT NULL OR username_key IS NOT NULL)
);

-- The key under which a person's details stand in audit entries; erasing it erases the person there.
CREATE TABLE person_keys (
    user_id TEXT PRIMARY KEY,
    sealed  BYTEA NOT NULL
);

CREATE TABLE password_history (
    user_id TEXT NOT NULL REFERENCES users (id),
    set_at  BIGINT NOT NULL,
    hash    TEXT NOT NULL,
    PRIMARY KEY (user_id, set_at)
);

CREATE TABLE factors (
    id           TEXT PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id),
    kind         TEXT NOT NULL CHECK (kind IN ('totp', 'webauthn', 'sms')),
    name         TEXT NOT NULL DEFAULT '',
    sealed       BYTEA NOT NULL,
    last_step    BIGINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX factors_user ON factors (user_id);

-- A user in an account. Names, phone and language are as whoever invited them
-- typed them: this account sees those until the person comes in, and from then
-- on the person's own.
CREATE TABLE memberships (
    account_id          TEXT NOT NULL REFERENCES accounts (id),
    id                  TEXT NOT NULL,
    user_id             TEXT NOT NULL REFERENCES users (id),
    activated_at        BIGINT,
    deactivated_at      BIGINT,
    deactivated_by      TEXT,
    deactivation_reason TEXT NOT NULL DEFAULT '',
    first_administrator BOOLEAN NOT NULL DEFAULT FALSE,
    owner               BOOLEAN NOT NULL DEFAULT FALSE,
    two_factor_required BOOLEAN NOT NULL DEFAULT TRUE,
    all_locations       BOOLEAN NOT NULL,
    parent_id           TEXT,
    first_name          TEXT NOT NULL DEFAULT '',
    last_name           TEXT NOT NULL DEFAULT '',
    phone               TEXT NOT NULL DEFAULT '',
    language            TEXT NOT NULL DEFAULT 'en',
    sort_key            TEXT NOT NULL DEFAULT '',
    search_key          TEXT NOT NULL DEFAULT '',
    epoch               BIGINT NOT NULL DEFAULT 1,
    version             BIGINT NOT NULL DEFAULT 1,
    created_at          BIGINT NOT NULL,
    created_by          TEXT NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (id),
    UNIQUE (account_id, user_id),
    FOREIGN KEY (account_id, parent_id) REFERENCES memberships (account_id, id)
);
CREATE INDEX memberships_user ON memberships (user_id);
CREATE UNIQUE INDEX memberships_one_first ON memberships (account_id) WHERE first_administrator;

CREATE TABLE membership_locations (
    account_id    TEXT NOT NULL,
    membership_id TEXT NOT NULL,
    location_id   TEXT NOT NULL,
    PRIMARY KEY (account_id, membership_id, location_id),
    FOREIGN KEY (account_id, membership_id) REFERENCES memberships (account_id, id),
    FOREIGN KEY (account_id, location_id) REFERENCES locations (account_id, id)
);

CREATE TABLE membership_ips (
    account_id    TEXT NOT NULL,
    membership_id TEXT NOT NULL,
    network       TEXT NOT NULL,
    PRIMARY KEY (account_id, membership_id, network),
    FOREIGN KEY (account_id, membership_id) REFERENCES memberships (account_id, id)
);

-- predefined is the role's key in the account's profile; its policies come from there.
-- membership_id marks a template's personal copy.
CREATE TABLE roles (
    account_id      TEXT NOT NULL REFERENCES accounts (id),
    id              TEXT NOT NULL,
    name            TEXT NOT NULL,
    name_key        TEXT NOT NULL,
    description     TEXT NOT NULL DEFAULT '',
    predefined      TEXT,
    administrator   BOOLEAN NOT NULL DEFAULT FALSE,
    legacy          BOOLEAN NOT NULL DEFAULT FALSE,
    membership_id   TEXT,
    version         BIGINT NOT NULL DEFAULT 1,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (id),
    UNIQUE (account_id, name_key),
    UNIQUE (account_id, predefined),
    FOREIGN KEY (account_id, membership_id) REFERENCES memberships (account_id, id)
);

-- role_id marks a policy that is one role's own.
CREATE TABLE policies (
    account_id  TEXT NOT NULL REFERENCES accounts (id),
    id          TEXT NOT NULL,
    name        TEXT NOT NULL,
    name_key    TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    role_id     TEXT,
    version     BIGINT NOT NULL DEFAULT 1,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (id),
    UNIQUE (account_id, name_key),
    FOREIGN KEY (account_id, role_id) REFERENCES roles (account_id, id)
);

CREATE TABLE policy_permissions (
    account_id TEXT NOT NULL,
    policy_id  TEXT NOT NULL,
    permission TEXT NOT NULL,
    condition  TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, policy_id, permission),
    FOREIGN KEY (account_id, policy_id) REFERENCES policies (account_id, id)
);

CREATE TABLE role_policies (
    account_id TEXT NOT NULL,
    role_id    TEXT NOT NULL,
    policy_id  TEXT NOT NULL,
    PRIMARY KEY (account_id, role_id, policy_id),
    FOREIGN KEY (account_id, role_id) REFERENCES roles (account_id, id),
    FOREIGN KEY (account_id, policy_id) REFERENCES policies (account_id, id)
);

-- A role given to a membership over a scope, in its time: valid_from <= now < valid_until.
CREATE TABLE assignments (
    account_id    TEXT NOT NULL,
    id            TEXT NOT NULL,
    membership_id TEXT NOT NULL,
    role_id       TEXT NOT NULL,
    all_entities  BOOLEAN NOT NULL,
    valid_from    BIGINT,
    valid_until   BIGINT,
    created_at    BIGINT NOT NULL,
    created_by    TEXT NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, membership_id, role_id),
    FOREIGN KEY (account_id, membership_id) REFERENCES memberships (account_id, id),
    FOREIGN KEY (account_id, role_id) REFERENCES roles (account_id, id),
    CHECK (valid_until IS NULL OR valid_from IS NULL OR valid_from < valid_until)
);
CREATE INDEX assignments_role ON assignments (account_id, role_id);

CREATE TABLE assignment_entities (
    account_id    TEXT NOT NULL,
    assignment_id TEXT NOT NULL,
    entity_id     TEXT NOT NULL REFERENCES entities (id),
    PRIMARY KEY (account_id, assignment_id, entity_id),
    FOREIGN KEY (account_id, assignment_id) REFERENCES assignments (account_id, id)
);
CREATE INDEX assignment_entities_entity ON assignment_entities (entity_id);

-- One link at a time is alive for a membership: not used, replaced or deactivated, and not expired.
CREATE TABLE invitations (
    account_id     TEXT NOT NULL,
    id             TEXT NOT NULL,
    membership_id  TEXT NOT NULL,
    token_hash     BYTEA NOT NULL UNIQUE,
    created_at     BIGINT NOT NULL,
    created_by     TEXT NOT NULL,
    expires_at     BIGINT NOT NULL,
    used_at        BIGINT,
    replaced_at    BIGINT,
    deactivated_at BIGINT,
    PRIMARY KEY (account_id, id),
    UNIQUE (id),
    FOREIGN KEY (account_id, membership_id) REFERENCES memberships (account_id, id)
);
CREATE UNIQUE INDEX invitations_one_current ON invitations (account_id, membership_id) WHERE replaced_at IS NULL;

-- ref is what a service is given (context.session); hash is of the cookie's value.
CREATE TABLE sessions (
    hash             BYTEA PRIMARY KEY,
    ref              TEXT NOT NULL UNIQUE,
    user_id          TEXT NOT NULL REFERENCES users (id),
    account_id       TEXT NOT NULL REFERENCES accounts (id),
    user_epoch       BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    second_factor_at BIGINT,
    fresh_at         BIGINT NOT NULL,
    ip               TEXT NOT NULL,
    user_agent       TEXT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE service_tokens (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    id         TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('decisions')),
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

-- What a decision reads and which revision changed it, so that a node reloads only that.
CREATE TABLE access_changes (
    revision BIGINT NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('user', 'tokens', 'all')),
    id       TEXT NOT NULL,
    PRIMARY KEY (revision, kind, id)
);

-- Append-only. Ids only; personal holds a person's details sealed with that
-- person's key, personal_hash their salted hash. request_id joins it to the log.
CREATE TABLE audit_entries (
    seq           BIGINT PRIMARY KEY,
    at            BIGINT NOT NULL,
    actor_kind    TEXT NOT NULL,
    actor_id      TEXT NOT NULL,
    actor_account TEXT NOT NULL,
    account_id    TEXT NOT NULL,
    entity_id     TEXT NOT NULL,
    action        TEXT NOT NULL,
    outcome       TEXT NOT NULL CHECK (outcome IN ('done', 'refused')),
    reason        TEXT NOT NULL,
    target_kind   TEXT NOT NULL,
    target_id     TEXT NOT NULL,
    ip            TEXT NOT NULL,
    user_agent    TEXT NOT NULL,
    request_id    TEXT NOT NULL,
    repeats       BIGINT NOT NULL DEFAULT 1,
    changes       TEXT NOT NULL,
    person_id     TEXT NOT NULL,
    personal      BYTEA,
    personal_hash BYTEA
);
CREATE INDEX audit_account ON audit_entries (account_id, seq);
CREATE INDEX audit_target ON audit_entries (target_id, seq);
CREATE INDEX audit_actor ON audit_entries (actor_id, seq);
CREATE INDEX audit_time ON audit_entries (at);

-- Messages to send. recipient and data are sealed together and erased on delivery.
CREATE TABLE outbox (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL,
    account_id TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    sealed     BYTEA,
    state      TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
    attempts   BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    next_at    BIGINT NOT NULL,
    leased_until BIGINT NOT NULL DEFAULT 0,
    done_at    BIGINT,
    problem    TEXT NOT NULL DEFAULT ''
);
CREATE INDEX outbox_due ON outbox (next_at) WHERE state = 'queued';
CREATE INDEX outbox_user ON outbox (user_id, created_at);

-- Bookkeeping (db.Keep): no audit entry, no revision.
CREATE TABLE signin_attempts (
    user_id      TEXT PRIMARY KEY,
    failed       BIGINT NOT NULL,
    locked_until BIGINT,
    updated_at   BIGINT NOT NULL
);

CREATE TABLE challenges (
    hash       BYTEA PRIMARY KEY,
    user_id    TEXT NOT NULL,
    account_id TEXT NOT NULL,
    step       TEXT NOT NULL CHECK (step IN ('code', 'setup', 'activate')),
    user_epoch BIGINT NOT NULL,
    sealed     BYTEA,
    ip         TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX challenges_user ON challenges (user_id);
CREATE INDEX challenges_expiry ON challenges (expires_at);

CREATE TABLE session_seen (
    hash    BYTEA PRIMARY KEY,
    seen_at BIGINT NOT NULL
);

CREATE TABLE token_seen (
    token_id TEXT PRIMARY KEY,
    seen_at  BIGINT NOT NULL
);

CREATE TABLE leases (
    name   TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until  BIGINT NOT NULL
);
