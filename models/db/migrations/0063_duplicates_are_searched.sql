-- Names alike are compared by a worker where there are many contacts.
CREATE TABLE duplicate_searches (
    workspace_id bigint NOT NULL,
    asked_at     timestamptz,
    started_at   timestamptz,
    found_at     timestamptz,
    PRIMARY KEY (workspace_id),
    FOREIGN KEY (workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);
CREATE INDEX duplicate_searches_asked_idx ON duplicate_searches (asked_at) WHERE asked_at IS NOT NULL;

CREATE TABLE duplicate_candidates (
    workspace_id bigint NOT NULL,
    contact_id   bigint NOT NULL,
    older_id     bigint NOT NULL,
    likeness     double precision NOT NULL,
    reasons      text[] NOT NULL,
    PRIMARY KEY (workspace_id, contact_id, older_id),
    FOREIGN KEY (workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);
