UPDATE memberships SET two_factor_actions = 'either', email = 'ZOE@example.com' WHERE id = 'mem_1';
INSERT INTO users (id, first_name, sort_key, search_key, username_key, created_at, left_at, erase_at)
	VALUES ('usr_2', 'Gone', 'gone', 'gone', 'usr_2', 1767225600000000, 1767225600000001, 1798761600000000);
INSERT INTO deleted_users (account_id, user_id, membership_id, deleted_at, deleted_by) VALUES ('acc_1', 'usr_2', 'mem_2', 1767225600000001, 'usr_1');
INSERT INTO email_changes (id, user_id, account_id, email, email_key, new_hash, created_at, created_by, expires_at)
	VALUES ('eml_1', 'usr_1', 'acc_1', 'zoe@example.org', 'zoe@example.org', 'n', 1767225600000000, 'usr_1', 1767312000000000);
INSERT INTO outbox (id, kind, account_id, user_id, state, created_at, next_at, done_at, problem, reason)
	VALUES ('msg_2', 'invitation', 'acc_1', 'usr_1', 'bounced', 1767225600000000, 1767225600000000, 1767225600000009, '', '5.1.1');
