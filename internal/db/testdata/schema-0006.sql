INSERT INTO access_changes (revision, kind, id) VALUES (4, 'role', 'rol_1'), (4, 'roles', 'acc_1'), (4, 'account', 'acc_1'), (4, 'entity', 'ent_2'), (4, 'location', 'loc_1');
