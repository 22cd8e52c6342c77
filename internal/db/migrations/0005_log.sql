-- The tree and the log at their full width.

-- The log is searched by entity for whoever sees a few of many; by what was done
-- or refused, from which address and in which request; and by time, which leads to
-- a seq.
CREATE INDEX audit_entity ON audit_entries (entity_id, seq);
CREATE INDEX audit_action ON audit_entries (action, seq);
CREATE INDEX audit_refused ON audit_entries (outcome, seq) WHERE outcome = 'refused';
CREATE INDEX audit_ip ON audit_entries (ip, seq) WHERE ip <> '';
CREATE INDEX audit_request ON audit_entries (request_id, seq) WHERE request_id <> '';
DROP INDEX audit_time;
CREATE INDEX audit_time ON audit_entries (at, seq);

-- Who created an entity, '' where nobody knows; and since when, by whom and why it
-- is not active.
ALTER TABLE entities ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
ALTER TABLE entities ADD COLUMN deactivated_at BIGINT;
ALTER TABLE entities ADD COLUMN deactivated_by TEXT NOT NULL DEFAULT '';
ALTER TABLE entities ADD COLUMN deactivation_reason TEXT NOT NULL DEFAULT '';
UPDATE entities SET created_by = COALESCE((SELECT a.actor_id FROM audit_entries a WHERE a.entity_id = entities.id
    AND a.action IN ('account.created', 'entity.created') AND a.outcome = 'done' ORDER BY a.seq LIMIT 1), '');

-- Lists of accounts in each of their orders: every kind but legal_entity is an
-- account. search_key begins with the name as it is sorted. What is below an
-- entity is listed in that order too; accounts below one that is not active are
-- few who are asked for.
CREATE INDEX entities_accounts ON entities (customer_id, search_key, path, kind, active, parent_id, id) WHERE kind <> 'legal_entity';
CREATE INDEX accounts_narrow ON accounts (entity_id, environment, is_open);
CREATE INDEX entities_accounts_name ON entities (search_key, id) WHERE kind <> 'legal_entity';
CREATE INDEX entities_accounts_created ON entities (created_at, id) WHERE kind <> 'legal_entity';
DROP INDEX entities_parent;
CREATE INDEX entities_below ON entities (parent_id, search_key, id);
CREATE INDEX entities_off ON entities (path) WHERE NOT active AND kind IN ('facilitator', 'partner');

-- How many users an account has, whatever their status: kept by the database
-- itself (0005_log.sqlite.sql, 0005_log.postgres.sql), because several rooms let
-- people in and out, and a list sorts by it.
ALTER TABLE accounts ADD COLUMN users BIGINT NOT NULL DEFAULT 0;
UPDATE accounts SET users = (SELECT COUNT(*) FROM memberships m WHERE m.account_id = accounts.id);
CREATE INDEX accounts_users ON accounts (users, id);
