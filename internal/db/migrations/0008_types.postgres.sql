ALTER TABLE access_changes DROP CONSTRAINT access_changes_kind_check;
ALTER TABLE access_changes ADD CONSTRAINT access_changes_kind_check
    CHECK (kind IN ('user', 'role', 'roles', 'account', 'entity', 'location', 'tokens', 'types', 'resource', 'all'));
ALTER TABLE service_tokens DROP CONSTRAINT service_tokens_kind_check;
ALTER TABLE service_tokens ADD CONSTRAINT service_tokens_kind_check CHECK (kind IN ('decisions', 'resources'));
