-- A timer of SEGMENT_KEEP is that of a member, who may leave and be put in again by somebody else. Timers begun before are of
-- those who are members now.
ALTER TABLE workflow_keeps ADD COLUMN kept_at timestamptz NOT NULL DEFAULT now();

ALTER TABLE workflow_keeps ALTER COLUMN kept_at DROP DEFAULT;
