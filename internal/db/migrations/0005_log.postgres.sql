-- By statement, not by row: a thousand rows of one account change its row once.
CREATE FUNCTION memberships_come() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE accounts SET users = users + c.n
        FROM (SELECT account_id, COUNT(*) AS n FROM come GROUP BY account_id) c WHERE accounts.id = c.account_id;
    RETURN NULL;
END $$;
CREATE FUNCTION memberships_go() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE accounts SET users = users - g.n
        FROM (SELECT account_id, COUNT(*) AS n FROM gone GROUP BY account_id) g WHERE accounts.id = g.account_id;
    RETURN NULL;
END $$;
CREATE TRIGGER memberships_come AFTER INSERT ON memberships
    REFERENCING NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION memberships_come();
CREATE TRIGGER memberships_go AFTER DELETE ON memberships
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION memberships_go();
