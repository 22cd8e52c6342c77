-- Which users of an account a term stands for: bit n of a block is the user
-- whose number is 4,096 × block + n. Terms are one to three letters in a row of
-- what a search looks through, roles, entities and states (people/find.go).
CREATE TABLE found_by (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    term       TEXT NOT NULL,
    block      BIGINT NOT NULL,
    bits       BYTEA NOT NULL,
    PRIMARY KEY (account_id, term, block)
);

-- Two bytes of what is known of users, so that a few of many can be put in order
-- without reading the rows of the rest: the beginning of their name and of their
-- address, and, in steps of four hours, when they signed in last; and six of those
-- who wait to come in: who they are, and when their link ends
-- (people/codes_sql.go, links_sql.go).
CREATE TABLE user_codes (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    kind       TEXT NOT NULL CHECK (kind IN ('name', 'email', 'last_sign_in', 'link')),
    block      BIGINT NOT NULL,
    codes      BYTEA NOT NULL,
    PRIMARY KEY (account_id, kind, block)
);
