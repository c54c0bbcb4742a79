-- Where the tables are distributed over several servers, these are too.
DO $$
DECLARE
    new_table text;
BEGIN
    IF to_regclass('pg_catalog.pg_dist_partition') IS NULL THEN RETURN; END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_dist_partition WHERE logicalrelid = 'workspaces'::regclass) THEN RETURN; END IF;
    FOREACH new_table IN ARRAY ARRAY['duplicate_searches', 'duplicate_candidates'] LOOP
        EXECUTE format('SELECT create_distributed_table(%L, ''workspace_id'', colocate_with => ''workspaces'')', new_table);
    END LOOP;
END $$;
