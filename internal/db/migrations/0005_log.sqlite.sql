CREATE TRIGGER memberships_come AFTER INSERT ON memberships BEGIN
    UPDATE accounts SET users = users + 1 WHERE id = NEW.account_id;
END;
CREATE TRIGGER memberships_go AFTER DELETE ON memberships BEGIN
    UPDATE accounts SET users = users - 1 WHERE id = OLD.account_id;
END;
