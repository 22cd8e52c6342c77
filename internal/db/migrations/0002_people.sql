-- People at their full width: what an account asks of their second factor, who
-- left, addresses that are about to change, and what became of mails.

-- Which set-ups an account asks of a member whose second factor is required
-- (features.md, F1): any of the account's methods, the authenticator app, a
-- security key, one of both as the person chooses, or both.
ALTER TABLE memberships ADD COLUMN two_factor_actions TEXT NOT NULL DEFAULT 'any'
    CHECK (two_factor_actions IN ('any', 'totp', 'webauthn', 'either', 'both'));

-- The address as whoever invited them typed it: what the account sees until they
-- come in.
ALTER TABLE memberships ADD COLUMN email TEXT NOT NULL DEFAULT '';

-- A person whose last membership was deleted: their address is free again (their
-- own id stands where a username would), and what is left of them is erased at
-- erase_at.
ALTER TABLE users ADD COLUMN left_at BIGINT;
ALTER TABLE users ADD COLUMN erase_at BIGINT;
CREATE INDEX users_erase ON users (erase_at) WHERE erase_at IS NOT NULL;

-- What is left of a deleted user in the account: ids and times, nothing personal.
CREATE TABLE deleted_users (
    account_id    TEXT NOT NULL REFERENCES accounts (id),
    user_id       TEXT NOT NULL,
    membership_id TEXT NOT NULL,
    deleted_at    BIGINT NOT NULL,
    deleted_by    TEXT NOT NULL,
    PRIMARY KEY (account_id, membership_id)
);
CREATE INDEX deleted_users_user ON deleted_users (user_id);

-- An address that is to replace a person's, once whoever reads it there says so;
-- a person who changes their own confirms at the old address too. One at a time is
-- open; when it is over, the address goes and what became of it stays.
CREATE TABLE email_changes (
    id               TEXT PRIMARY KEY,
    user_id          TEXT NOT NULL REFERENCES users (id),
    account_id       TEXT NOT NULL REFERENCES accounts (id),
    email            TEXT NOT NULL,
    email_key        TEXT NOT NULL,
    new_hash         BYTEA NOT NULL UNIQUE,
    old_hash         BYTEA UNIQUE,
    created_at       BIGINT NOT NULL,
    created_by       TEXT NOT NULL,
    expires_at       BIGINT NOT NULL,
    new_confirmed_at BIGINT,
    old_confirmed_at BIGINT,
    done_at          BIGINT,
    dropped_at       BIGINT
);
CREATE UNIQUE INDEX email_changes_one_open ON email_changes (user_id) WHERE done_at IS NULL AND dropped_at IS NULL;

-- The outbox again, with what a mail server says of a message: refused for good
-- when it was offered, or bounced afterwards. failed is given up for another
-- reason. reason is what is known of it as a code: the server's status (550,
-- 5.1.1) or a word of ours; problem is a sentence for whoever runs the server.
CREATE TABLE outbox_next (
    id           TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,
    account_id   TEXT NOT NULL,
    user_id      TEXT NOT NULL,
    sealed       BYTEA,
    state        TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'failed', 'refused', 'bounced')),
    attempts     BIGINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL,
    next_at      BIGINT NOT NULL,
    leased_until BIGINT NOT NULL DEFAULT 0,
    done_at      BIGINT,
    problem      TEXT NOT NULL DEFAULT '',
    reason       TEXT NOT NULL DEFAULT ''
);
INSERT INTO outbox_next (id, kind, account_id, user_id, sealed, state, attempts, created_at, next_at, leased_until, done_at, problem)
    SELECT id, kind, account_id, user_id, sealed, state, attempts, created_at, next_at, leased_until, done_at, problem FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_next RENAME TO outbox;
CREATE INDEX outbox_due ON outbox (next_at) WHERE state = 'queued';
CREATE INDEX outbox_user ON outbox (user_id, created_at);
