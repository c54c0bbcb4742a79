-- Who was left out of a broadcast when it started, and why: the people behind its counts of exclusions.
CREATE TABLE broadcast_exclusions (
    workspace_id bigint NOT NULL,
    broadcast_id bigint NOT NULL,
    reason       text NOT NULL,
    contact_id   bigint NOT NULL,
    PRIMARY KEY (workspace_id, broadcast_id, reason, contact_id)
);
