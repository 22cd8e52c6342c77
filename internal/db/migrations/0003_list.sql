-- Lists at their full width.

-- How somebody wants a list shown (its columns): bookkeeping, by person.
CREATE TABLE preferences (
    user_id TEXT NOT NULL,
    name    TEXT NOT NULL,
    value   TEXT NOT NULL,
    PRIMARY KEY (user_id, name)
);
