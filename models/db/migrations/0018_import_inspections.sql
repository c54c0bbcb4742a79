-- The progress of an import holds the inspection of its file under this word.
UPDATE jobs SET progress = progress - 'survey' || jsonb_build_object('inspection', progress -> 'survey')
WHERE kind = 'IMPORT' AND progress ? 'survey';
