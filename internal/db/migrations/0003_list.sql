-- Lists at their full width: what the list of an account's users is ordered by
-- and found by. It repeats what stands elsewhere, and people.Relist keeps it so.

-- Accounts number their users, from 0 and never twice. Those whose number is
-- below findable stand in found_by and user_codes; the few others are looked
-- through one by one.
ALTER TABLE accounts ADD COLUMN next_member BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN findable BIGINT NOT NULL DEFAULT 0;

-- Time alone makes passwords old. Those who have theirs since old_since (µs) or
-- earlier stand in found_by as such (people/old_sql.go).
ALTER TABLE accounts ADD COLUMN old_since BIGINT NOT NULL DEFAULT 0;

-- sort_key and search_key are, like these, what the account sees of the person.
ALTER TABLE memberships ADD COLUMN number BIGINT;
ALTER TABLE memberships ADD COLUMN email_key TEXT NOT NULL DEFAULT '';
ALTER TABLE memberships ADD COLUMN last_sign_in_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE memberships ADD COLUMN password_set_at BIGINT; -- of those who have come in

-- How many users have the role.
ALTER TABLE roles ADD COLUMN holders BIGINT NOT NULL DEFAULT 0;

UPDATE memberships SET number = n.number
    FROM (SELECT account_id, id, ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY created_at, id) - 1 AS number FROM memberships) n
    WHERE n.account_id = memberships.account_id AND n.id = memberships.id;
UPDATE accounts SET next_member = n.members
    FROM (SELECT account_id, COUNT(*) AS members FROM memberships GROUP BY account_id) n WHERE n.account_id = accounts.id;
UPDATE roles SET holders = n.holders
    FROM (SELECT account_id, role_id, COUNT(*) AS holders FROM assignments GROUP BY account_id, role_id) n
    WHERE n.account_id = roles.account_id AND n.role_id = roles.id;
UPDATE memberships SET email_key = COALESCE(u.email_key, '') FROM users u WHERE u.id = memberships.user_id;
UPDATE memberships SET sort_key = u.sort_key, search_key = u.search_key, last_sign_in_at = COALESCE(u.last_sign_in_at, 0), password_set_at = u.password_set_at
    FROM users u WHERE u.id = memberships.user_id AND memberships.activated_at IS NOT NULL;

CREATE UNIQUE INDEX memberships_number ON memberships (account_id, number);
CREATE INDEX memberships_name ON memberships (account_id, sort_key, number);
CREATE INDEX memberships_email ON memberships (account_id, email_key, number);
CREATE INDEX memberships_signed_in ON memberships (account_id, last_sign_in_at, number);
CREATE INDEX memberships_password ON memberships (account_id, password_set_at, number) WHERE password_set_at IS NOT NULL;
DROP INDEX memberships_user;
CREATE INDEX memberships_user ON memberships (user_id, account_id, number); -- who is locked now is looked up in it alone
CREATE INDEX signin_attempts_locked ON signin_attempts (locked_until) WHERE locked_until IS NOT NULL;

-- How somebody wants a list shown (its columns): bookkeeping, by person.
CREATE TABLE preferences (
    user_id TEXT NOT NULL,
    name    TEXT NOT NULL,
    value   TEXT NOT NULL,
    PRIMARY KEY (user_id, name)
);
