-- A version is never changed. Where tags in it were renamed since it was published, this is what runs; null: as it was published.
ALTER TABLE workflow_versions ADD COLUMN runs_as jsonb;
