-- The rules that a segment had, with who set them and what difference it made when they came into force.
CREATE TABLE segment_rule_versions (
    workspace_id bigint NOT NULL,
    segment_id   bigint NOT NULL,
    number       integer NOT NULL, -- counts the rules of the segment from 1
    rule         jsonb NOT NULL,
    rule_version integer NOT NULL, -- of the segment, which also grows when it is only built again
    set_at       timestamptz NOT NULL,
    set_by       bigint, -- a member; null: somebody or something else
    entered      bigint, -- when it came into force; null before, and of rules older than this table
    "left"       bigint,
    PRIMARY KEY (workspace_id, segment_id, number),
    FOREIGN KEY (workspace_id, segment_id) REFERENCES segments (workspace_id, id) ON DELETE CASCADE
);

INSERT INTO segment_rule_versions (workspace_id, segment_id, number, rule, rule_version, set_at)
SELECT workspace_id, id, 1, rule, rule_version, updated_at FROM segments WHERE rule IS NOT NULL;
