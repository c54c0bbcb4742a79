-- The log of events, of the same shape as the log of members; and the positions of workers that read a log.

CREATE TABLE event_heads (
    workspace_id bigint PRIMARY KEY,
    position     bigint NOT NULL DEFAULT 0, -- of the last event
    floor        bigint NOT NULL DEFAULT 0 -- events up to this position are no longer kept
);

CREATE TABLE event_appends (
    workspace_id bigint NOT NULL,
    position     bigint NOT NULL, -- of its last event
    size         integer NOT NULL CHECK (size > 0),
    append_id    bigint NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, position),
    CONSTRAINT event_appends_append_id_key UNIQUE (workspace_id, append_id)
);

CREATE SEQUENCE event_append_ids;

CREATE TABLE events (
    workspace_id bigint NOT NULL,
    append_id    bigint NOT NULL,
    place        integer NOT NULL,
    type         text NOT NULL,
    payload      jsonb NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, append_id, place)
);

-- A reader is a kind and an id. It has one row for each log that it reads.
CREATE TABLE changelog_readers (
    workspace_id bigint NOT NULL,
    reader_kind  text NOT NULL,
    reader_id    bigint NOT NULL,
    log          text NOT NULL,
    position     bigint NOT NULL, -- entries up to it are processed
    moved_at     timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, reader_kind, reader_id, log)
);

-- Where the tables are distributed over several servers, these are too.
DO $$
DECLARE
    new_table text;
BEGIN
    IF to_regclass('pg_catalog.pg_dist_partition') IS NULL THEN RETURN; END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_dist_partition WHERE logicalrelid = 'workspaces'::regclass) THEN RETURN; END IF;
    FOREACH new_table IN ARRAY ARRAY['event_heads', 'event_appends', 'events', 'changelog_readers'] LOOP
        EXECUTE format('SELECT create_distributed_table(%L, ''workspace_id'', colocate_with => ''workspaces'')', new_table);
    END LOOP;
END $$;
