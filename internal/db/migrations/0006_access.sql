-- Access: what a node must reload may be one role, the roles of an account, an
-- account, an entity or a location, and not everything because of one of them.

-- Everybody who is locked for being away, for loading all people at once.
CREATE INDEX users_locked ON users (id) WHERE inactive_locked_at IS NOT NULL;
