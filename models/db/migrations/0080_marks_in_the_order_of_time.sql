-- Marks are processed in the order in which they were written, on a cluster too, where ids of several servers have none.
ALTER TABLE dirty_contacts DROP CONSTRAINT dirty_contacts_pkey;
ALTER TABLE dirty_contacts ADD CONSTRAINT dirty_contacts_pkey PRIMARY KEY (workspace_id, bulk, marked_at, id);
