UPDATE users SET change_password_since = 1767225600000000, set_up_again_since = 1767225600000001, awake_since = 1767225600000002, inactivity_warned_at = 1767225600000003 WHERE id = 'usr_1';
INSERT INTO signin_attempts (user_id, failed, locked_until, updated_at, told_until) VALUES ('name:b', 6, 1767227400000000, 1767225600000000, 1767227400000000);
INSERT INTO factors (id, user_id, kind, name, sealed, created_at, credential_hash) VALUES ('fac_1', 'usr_1', 'webauthn', 'Key ring', 's', 1767225600000000, 'c');
INSERT INTO recovery_codes (user_id, number, hash, created_at, used_at) VALUES ('usr_1', 1, '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA', 1767225600000000, NULL);
INSERT INTO spent_ceremonies (hash, expires_at) VALUES ('w', 1767226200000000);
INSERT INTO reset_links (id, user_id, account_id, token_hash, by_administrator, created_at, created_by, expires_at)
	VALUES ('rst_1', 'usr_1', 'acc_1', 't', TRUE, 1767225600000000, 'usr_1', 1767229200000000);
INSERT INTO challenges (hash, user_id, account_id, step, user_epoch, ip, created_at, expires_at)
	VALUES ('h', 'usr_1', 'acc_1', 'change', 1, '', 1767225600000000, 1767226200000000);
INSERT INTO signin_errands (id, sealed, created_at) VALUES ('ern_1', 's', 1767225600000000);
INSERT INTO askers (network, asked, since) VALUES ('192.0.2.7', 1, 1767225600000000);
INSERT INTO drafts (hash, user_id, sealed, created_at, expires_at) VALUES ('d', 'usr_1', 's', 1767225600000000, 1767229200000000);
