INSERT INTO audit_entries (seq, at, actor_kind, actor_id, actor_account, account_id, entity_id, action, outcome, reason,
	target_kind, target_id, ip, user_agent, request_id, changes, person_id)
	VALUES (3, 1767225600000002, 'operator', '', '', 'acc_1', 'ent_2', 'entity.create', 'done', '', 'entity', 'ent_2', '192.0.2.1', '', 'req_1', '[]', '');
UPDATE ledger SET seq = 3 WHERE id = 1;
UPDATE entities SET active = FALSE, deactivated_at = 1767225600000003, deactivated_by = 'usr_1', deactivation_reason = 'Closed', created_by = 'usr_1' WHERE id = 'ent_2';
INSERT INTO memberships (account_id, id, user_id, all_locations, created_at, created_by) VALUES ('acc_1', 'mem_3', 'usr_2', TRUE, 1767225600000003, 'usr_1');
