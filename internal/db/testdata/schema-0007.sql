INSERT INTO roles (account_id, id, name, name_key, legacy, created_at) VALUES ('acc_1', 'rol_2', 'Before policies', 'before pollcles', TRUE, 1767225600000004);
INSERT INTO role_permissions (account_id, role_id, permission, condition) VALUES ('acc_1', 'rol_2', 'payments:refund', '{"max_amount":5000,"currency":"EUR"}');
INSERT INTO roles (account_id, id, name, name_key, membership_id, copy_of, created_at)
	VALUES ('acc_1', 'rol_3', 'Before policies', 'copy rol_3', 'mem_1', 'rol_2', 1767225600000004);
