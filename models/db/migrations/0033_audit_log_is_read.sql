-- The audit log is read in pages, the newest first: all of it, or by its actor, subject or action.
CREATE INDEX audit_log_newest_idx ON audit_log (workspace_id, at, id);
CREATE INDEX audit_log_actor_idx ON audit_log (workspace_id, actor_kind, actor_id, at, id);
CREATE INDEX audit_log_subject_idx ON audit_log (workspace_id, target_kind, target_id, at, id) WHERE target_id IS NOT NULL;
CREATE INDEX audit_log_action_idx ON audit_log (workspace_id, action, at, id);
DROP INDEX audit_log_at_idx;
