-- A tag is renamed or taken away by a job.
ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check
    CHECK (kind IN ('IMPORT', 'EXPORT', 'RECOMPUTE', 'SEGMENT_CONTACTS', 'AUDIENCE', 'TAG_CHANGE'));

-- When it was last looked whether a contact has the tag.
ALTER TABLE tags ADD COLUMN checked_at timestamptz NOT NULL DEFAULT now();
