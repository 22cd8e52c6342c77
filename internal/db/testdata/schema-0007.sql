INSERT INTO roles (account_id, id, name, name_key, legacy, created_at) VALUES ('acc_1', 'rol_2', 'Before policies', 'before pollcles', TRUE, 1767225600000004);
INSERT INTO role_permissions (account_id, role_id, permission, condition) VALUES ('acc_1', 'rol_2', 'payments:refund', '{"max_amount":5000,"currency":"EUR"}');
INSERT INTO roles (account_id, id, name, name_key, membership_id, copy_of, created_at)
	VALUES ('acc_1', 'rol_3', 'Before policies', 'copy rol_3', 'mem_1', 'rol_2', 1767225600000004);
INSERT INTO service_tokens (account_id, id, kind, name, name_key, hash, created_at, created_by, revoked_at, revoked_by)
	VALUES ('acc_1', 'tok_1', 'decisions', 'Gateway', 'gateway', 'hash 1', 1767225600000004, 'usr_1', 1767225600000005, 'usr_1');
