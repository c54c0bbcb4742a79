-- The indexes that lines of custom dates are looked up in held whatever stood under the key, in every workspace: a long text
-- there could not be written. Now they hold what has the length of a day, or of an instant.

DO $$
DECLARE
    found record;
    key   text;
BEGIN
    FOR found IN
        SELECT indexname AS name, indexdef AS definition, (regexp_match(indexname, '^(.*)_(date|datetime)_time(_|_i|_id|_idx)?$')) AS parts
        FROM pg_indexes WHERE tablename = 'contacts' AND schemaname = current_schema() AND indexname LIKE 'contacts\_attributes\_%'
    LOOP
        CONTINUE WHEN found.parts IS NULL;
        key := (regexp_match(found.definition, 'attributes ->> ''([a-z0-9_]+)'''))[1];
        EXECUTE format('DROP INDEX %I', found.name);
        EXECUTE format(
            'CREATE INDEX IF NOT EXISTS %I ON contacts (workspace_id, ((attributes ->> %L) COLLATE "C")) WHERE octet_length(attributes ->> %L) = %s',
            found.parts[1] || '_' || found.parts[2] || '_idx', key, key, CASE found.parts[2] WHEN 'date' THEN 10 ELSE 27 END
        );
    END LOOP;
END $$;
