INSERT INTO resource_types (name, title, entity_from, located, actions, properties, created_at)
	VALUES ('todos', 'To-dos', 'account', FALSE, '[{"name":"read","title":"Read"}]', '[{"of":"resource","name":"owner","title":"Owner","kind":"user","vouched":"store"}]', 1767225600000005);
INSERT INTO user_properties (name, title, kind, vouched, created_at) VALUES ('department', 'Department', 'text', 'store', 1767225600000005);
INSERT INTO membership_properties (account_id, membership_id, name, value) VALUES ('acc_1', 'mem_1', 'department', 'Sales');
INSERT INTO resources (account_id, type, id, entity_id, properties, changed_at) VALUES ('acc_1', 'todos', '1', 'ent_1', '{"owner":"usr_1"}', 1767225600000005);
INSERT INTO service_tokens (account_id, id, kind, name, name_key, hash, created_at, created_by)
	VALUES ('acc_1', 'tok_2', 'resources', 'Orders', 'orders', 'hash 2', 1767225600000005, 'usr_1');
