INSERT INTO preferences (user_id, name, value) VALUES ('usr_1', 'users.columns', 'name,status');
