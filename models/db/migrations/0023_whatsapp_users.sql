-- Opaque ids of people at WhatsApp, with the number or the contact that they belong to: later webhooks may name the id alone.
CREATE TABLE whatsapp_users (
    workspace_id bigint NOT NULL,
    user_id      text NOT NULL,
    phone        text, -- as WhatsApp reported it with the id; null: it never did
    contact_id   bigint, -- of a person whose number was never reported
    seen_at      timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, user_id),
    CHECK (phone IS NOT NULL OR contact_id IS NOT NULL),
    FOREIGN KEY (workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

-- Two contacts that WhatsApp says are one person: a person decides.
CREATE TABLE contact_merge_suggestions (
    workspace_id     bigint NOT NULL,
    contact_id       bigint NOT NULL,
    other_contact_id bigint NOT NULL, -- has the number that the first one has now
    reason           text NOT NULL,
    created_at       timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, contact_id, other_contact_id),
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, other_contact_id) REFERENCES contacts (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX contact_merge_suggestions_other_idx ON contact_merge_suggestions (workspace_id, other_contact_id);
