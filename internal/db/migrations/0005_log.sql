-- The log, searched at its full width: by entity for whoever sees a few of many.
CREATE INDEX audit_entity ON audit_entries (entity_id, seq);
