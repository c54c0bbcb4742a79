-- Erasing and merging contacts find the messages that hold something of them.
CREATE INDEX webhook_deliveries_contact_idx ON webhook_deliveries (workspace_id, contact_id) WHERE contact_id IS NOT NULL;
