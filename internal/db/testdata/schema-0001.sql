UPDATE ledger SET seq = 2, revision = 3 WHERE id = 1;
INSERT INTO instance (name, value) VALUES ('id', 'ins_1');
INSERT INTO entities (id, account_id, parent_id, kind, customer_id, name, search_key, path, next_child, created_at)
	VALUES ('ent_1', 'acc_1', NULL, 'platform', '1000001', 'Plattform', 'plattform', '000001', 1, 1767225600000000);
INSERT INTO entities (id, account_id, parent_id, kind, customer_id, name, search_key, path, active, created_at)
	VALUES ('ent_2', 'acc_1', 'ent_1', 'legal_entity', '1000002', 'Café', 'café', '000001000001', FALSE, 1767225600000001);
INSERT INTO accounts (id, entity_id, alias, profile, profile_version, environment, is_open, admins, created_at)
	VALUES ('acc_1', 'ent_1', 'home', 'standard', 1, 'live', TRUE, 1, 1767225600000000);
INSERT INTO account_settings (account_id, name, value) VALUES ('acc_1', 'password.min_length', '14');
INSERT INTO locations (account_id, id, entity_id, name, created_at) VALUES ('acc_1', 'loc_1', 'ent_2', 'Rue de Rivoli', 1767225600000000);
INSERT INTO terminals (account_id, id, location_id, kind, name, created_at) VALUES ('acc_1', 'ter_1', 'loc_1', 'web_shop', 'Shop', 1767225600000000);
INSERT INTO users (id, first_name, last_name, sort_key, search_key, email, email_key, password_hash, password_set_at, created_at)
	VALUES ('usr_1', 'Zoë', 'O''Hara', 'o''hara zoe', 'zoë o''hara', 'Zoe@example.com', 'zoe@example.com', '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA', 1767225600000000, 1767225600000000);
INSERT INTO password_history (user_id, set_at, hash) VALUES ('usr_1', 1767225600000000, 'old');
INSERT INTO memberships (account_id, id, user_id, activated_at, first_administrator, owner, all_locations, created_at, created_by)
	VALUES ('acc_1', 'mem_1', 'usr_1', 1767225600000000, TRUE, TRUE, FALSE, 1767225600000000, 'operator');
INSERT INTO membership_locations (account_id, membership_id, location_id) VALUES ('acc_1', 'mem_1', 'loc_1');
INSERT INTO membership_ips (account_id, membership_id, network) VALUES ('acc_1', 'mem_1', '192.0.2.0/24');
INSERT INTO roles (account_id, id, name, name_key, predefined, administrator, created_at)
	VALUES ('acc_1', 'rol_1', 'Administrator', 'administrator', 'administrator', TRUE, 1767225600000000);
INSERT INTO policies (account_id, id, name, name_key, role_id, created_at) VALUES ('acc_1', 'pol_1', 'All', 'all', 'rol_1', 1767225600000000);
INSERT INTO policy_permissions (account_id, policy_id, permission) VALUES ('acc_1', 'pol_1', 'users.read');
INSERT INTO role_policies (account_id, role_id, policy_id) VALUES ('acc_1', 'rol_1', 'pol_1');
INSERT INTO assignments (account_id, id, membership_id, role_id, all_entities, valid_until, created_at, created_by)
	VALUES ('acc_1', 'asg_1', 'mem_1', 'rol_1', FALSE, NULL, 1767225600000000, 'operator');
INSERT INTO assignment_entities (account_id, assignment_id, entity_id) VALUES ('acc_1', 'asg_1', 'ent_2');
INSERT INTO access_changes (revision, kind, id) VALUES (2, 'all', ''), (3, 'user', 'usr_1');
INSERT INTO audit_entries (seq, at, actor_kind, actor_id, actor_account, account_id, entity_id, action, outcome, reason,
	target_kind, target_id, ip, user_agent, request_id, changes, person_id)
	VALUES (1, 1767225600000000, 'operator', '', '', 'acc_1', 'ent_1', 'account.create', 'done', '', 'account', 'acc_1', '', '', '', '[]', ''),
	(2, 1767225600000001, 'operator', '', '', 'acc_1', 'ent_1', 'user.create', 'done', '', 'user', 'usr_1', '', '', '', '[{"field":"all_locations","after":"false"}]', '');
INSERT INTO outbox (id, kind, account_id, user_id, sealed, state, created_at, next_at, done_at)
	VALUES ('msg_1', 'invitation', 'acc_1', 'usr_1', NULL, 'sent', 1767225600000000, 1767225600000000, 1767225600000009);
INSERT INTO signin_attempts (user_id, failed, updated_at) VALUES ('usr_1', 3, 1767225600000000);
INSERT INTO leases (name, holder, until) VALUES ('outbox', 'node-1', 1767225600000000);
