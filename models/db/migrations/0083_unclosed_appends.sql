-- Appends to a log some of whose entries are committed before it is closed: they are in the log when it is. A row that stays is of a
-- transaction that failed.
CREATE TABLE unclosed_appends (
    workspace_id bigint NOT NULL,
    log          text NOT NULL, -- its name
    append_id    bigint NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, log, append_id)
);
