-- Signing in at its full width: security keys and passkeys, recovery codes,
-- forgotten passwords, what an administrator asks of the next sign-in, drafts.

-- What the next sign-in must do before it is one: choose another password (U11),
-- set up the second factor again (U13).
ALTER TABLE users ADD COLUMN change_password_since BIGINT;
ALTER TABLE users ADD COLUMN set_up_again_since BIGINT;

-- A WebAuthn credential belongs to one person in the whole installation (PCI DSS
-- 8.3.11): the hash of its id is unique. last_step is the step of an app's last
-- code, or the count of a key's last signature: neither may come again.
ALTER TABLE factors ADD COLUMN credential_hash BYTEA;
ALTER TABLE factors ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
CREATE UNIQUE INDEX factors_credential ON factors (credential_hash) WHERE credential_hash IS NOT NULL;

-- Codes for whoever has lost every other factor: argon2id, all of a set under one
-- salt, so that one evaluation checks a code against them all; each works once.
CREATE TABLE recovery_codes (
    user_id    TEXT NOT NULL REFERENCES users (id),
    number     BIGINT NOT NULL,
    hash       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT,
    PRIMARY KEY (user_id, number)
);

-- Links that let a person choose another password. account_id is the account
-- whose administrator sent it, or in which a forgotten password was asked for;
-- with by_administrator it opens an inactivity lock. One at a time is alive for a
-- person: ended_at tells that it died with what it was for (a password, an
-- address, the last access).
CREATE TABLE reset_links (
    id               TEXT PRIMARY KEY,
    user_id          TEXT NOT NULL REFERENCES users (id),
    account_id       TEXT NOT NULL,
    token_hash       BYTEA NOT NULL UNIQUE,
    by_administrator BOOLEAN NOT NULL,
    created_at       BIGINT NOT NULL,
    created_by       TEXT NOT NULL,
    expires_at       BIGINT NOT NULL,
    used_at          BIGINT,
    replaced_at      BIGINT,
    ended_at         BIGINT
);
CREATE UNIQUE INDEX reset_links_one_alive ON reset_links (user_id) WHERE used_at IS NULL AND replaced_at IS NULL AND ended_at IS NULL;
CREATE INDEX reset_links_user ON reset_links (user_id, created_at);

-- From when on somebody counts as inactive, where that is later than their last
-- sign-in: an administrator opened their lock, or activated them again. And when
-- they were told that the lock comes.
ALTER TABLE users ADD COLUMN awake_since BIGINT;
ALTER TABLE users ADD COLUMN inactivity_warned_at BIGINT;

-- Which lock after wrong attempts its person was told of: once each.
ALTER TABLE signin_attempts ADD COLUMN told_until BIGINT;

-- Half-finished sign-ins again, with more steps: codes shows recovery codes,
-- password asks for it after a passkey, change for another one. Those under way
-- are begun anew.
DROP TABLE challenges;
CREATE TABLE challenges (
    hash       BYTEA PRIMARY KEY,
    user_id    TEXT NOT NULL,
    account_id TEXT NOT NULL,
    step       TEXT NOT NULL CHECK (step IN ('code', 'setup', 'activate', 'codes', 'password', 'change')),
    user_epoch BIGINT NOT NULL,
    sealed     BYTEA,
    ip         TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX challenges_user ON challenges (user_id);
CREATE INDEX challenges_expiry ON challenges (expires_at);

-- Bookkeeping: the WebAuthn challenges that were answered, until they would have
-- run out: each is answered once. Nothing is written when one is given out.
CREATE TABLE spent_ceremonies (
    hash       BYTEA PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX spent_ceremonies_expiry ON spent_ceremonies (expires_at);

-- Bookkeeping: what is to be done for somebody who is not signed in, after they
-- were answered: forgotten passwords, of people known and unknown, and locks to
-- tell of. askers counts the forgotten passwords of a network address in an hour.
CREATE TABLE signin_errands (
    id           TEXT PRIMARY KEY,
    sealed       BYTEA NOT NULL,
    created_at   BIGINT NOT NULL,
    leased_until BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX signin_errands_due ON signin_errands (created_at, id);
CREATE TABLE askers (
    network TEXT PRIMARY KEY,
    asked   BIGINT NOT NULL,
    since   BIGINT NOT NULL
);
CREATE INDEX askers_since ON askers (since);

-- Bookkeeping: what somebody typed in a form when their session had run out,
-- sealed, until they are back.
CREATE TABLE drafts (
    hash       BYTEA PRIMARY KEY,
    user_id    TEXT NOT NULL,
    sealed     BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX drafts_expiry ON drafts (expires_at);
