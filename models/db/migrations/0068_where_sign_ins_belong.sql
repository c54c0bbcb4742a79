-- Sign-ins name no workspace. Where tables are distributed, these two tables, which are not, say on which server to look.

CREATE TABLE sign_in_emails (
    email        text NOT NULL,
    workspace_id bigint NOT NULL,
    member_id    bigint NOT NULL,
    PRIMARY KEY (email, workspace_id)
);
CREATE INDEX sign_in_emails_workspace_idx ON sign_in_emails (workspace_id, member_id);
INSERT INTO sign_in_emails (email, workspace_id, member_id) SELECT email, workspace_id, id FROM members;
DROP INDEX members_email_idx;

-- Secrets of before 2026 do not name their workspace. Newer ones that are kept here by this migration do no harm.
CREATE TABLE old_api_tokens (
    secret_hash  text NOT NULL,
    workspace_id bigint NOT NULL,
    PRIMARY KEY (secret_hash)
);
INSERT INTO old_api_tokens (secret_hash, workspace_id)
SELECT secret_hash, workspace_id FROM api_tokens WHERE revoked_at IS NULL ON CONFLICT DO NOTHING;
