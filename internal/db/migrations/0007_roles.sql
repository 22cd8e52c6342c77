-- Custom roles at their full width.

-- What a legacy role holds by itself, without a policy, until it is migrated.
CREATE TABLE role_permissions (
    account_id TEXT NOT NULL,
    role_id    TEXT NOT NULL,
    permission TEXT NOT NULL,
    condition  TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, role_id, permission),
    FOREIGN KEY (account_id, role_id) REFERENCES roles (account_id, id)
);

-- A template is copied for whoever is given it; copy_of says of a personal copy
-- which role it was made from, which may be gone.
ALTER TABLE roles ADD COLUMN template BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE roles ADD COLUMN copy_of TEXT NOT NULL DEFAULT '';
CREATE INDEX roles_personal ON roles (account_id, membership_id) WHERE membership_id IS NOT NULL;

-- A role has one policy of its own at most; a policy leads to the roles that have it.
CREATE UNIQUE INDEX policies_own ON policies (account_id, role_id) WHERE role_id IS NOT NULL;
CREATE INDEX role_policies_policy ON role_policies (account_id, policy_id);

-- Holders of some roles, in one order.
DROP INDEX assignments_role;
CREATE INDEX assignments_role ON assignments (account_id, role_id, membership_id);
