INSERT INTO audit_entries (seq, at, actor_kind, actor_id, actor_account, account_id, entity_id, action, outcome, reason,
	target_kind, target_id, ip, user_agent, request_id, changes, person_id)
	VALUES (3, 1767225600000002, 'operator', '', '', 'acc_1', 'ent_2', 'entity.create', 'done', '', 'entity', 'ent_2', '', '', '', '[]', '');
UPDATE ledger SET seq = 3 WHERE id = 1;
