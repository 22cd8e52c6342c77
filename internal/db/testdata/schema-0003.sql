INSERT INTO preferences (user_id, name, value) VALUES ('usr_1', 'users.columns', 'name,status');
UPDATE accounts SET next_member = 1, findable = 1 WHERE id = 'acc_1';
UPDATE memberships SET number = 0, email_key = 'zoe@example.com' WHERE id = 'mem_1';
UPDATE roles SET holders = 1 WHERE id = 'rol_1';
INSERT INTO user_codes (account_id, kind, block, codes) VALUES ('acc_1', 'name', 0, 'zoe ');
INSERT INTO found_by (account_id, term, block, bits) VALUES ('acc_1', 'gzo', 0, '01');
