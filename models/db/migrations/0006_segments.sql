-- Finding segments by their names, and what remains of the membership log once it is no longer kept.

-- What `segments(search:)` looks in. The same expression, to the letter, must stand in the query.
CREATE INDEX segments_search_idx ON segments USING gin (workspace_id, lower(name) gin_trgm_ops);
CREATE INDEX segments_deleted_at_idx ON segments (deleted_at) WHERE deleted_at IS NOT NULL;

-- A day of a segment in which members entered or left: from one midnight to the next, in the workspace's zone. A day without
-- a row is a day without a change.
CREATE TABLE segment_days (
    workspace_id bigint NOT NULL,
    segment_id   bigint NOT NULL,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    members      bigint NOT NULL, -- at its end
    entered      bigint NOT NULL,
    "left"       bigint NOT NULL,
    PRIMARY KEY (workspace_id, segment_id, starts_at)
);

-- How far the days of a workspace have been written down: before it the days stand for the log.
CREATE TABLE segment_days_written (
    workspace_id bigint PRIMARY KEY,
    until        timestamptz NOT NULL
);
