-- A workspace is deleted in chunks. From this moment on nothing works on it.
ALTER TABLE workspaces ADD COLUMN deleted_at timestamptz;
