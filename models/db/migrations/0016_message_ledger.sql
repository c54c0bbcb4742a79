-- The ledger holds the messages of any source, which has a kind and an id. Before, only broadcasts sent messages.

-- Sources that send or have sent. A claim reads only this table to see what may be sent.
CREATE TABLE message_sources (
    workspace_id        bigint NOT NULL,
    source_kind         text NOT NULL,
    source_id           bigint NOT NULL,
    state               text NOT NULL CHECK (state IN ('SENDING', 'PAUSED', 'ENDED')),
    message             jsonb NOT NULL, -- the template as it is sent: name, language, slots
    template_id         bigint NOT NULL,
    business_account_id text NOT NULL,
    PRIMARY KEY (workspace_id, source_kind, source_id)
);
CREATE INDEX message_sources_sending_idx ON message_sources (workspace_id, source_kind, source_id) WHERE state = 'SENDING';

INSERT INTO message_sources (workspace_id, source_kind, source_id, state, message, template_id, business_account_id)
SELECT b.workspace_id, 'BROADCAST', b.id,
       CASE WHEN b.status = 'SENDING' THEN 'SENDING' WHEN b.status IN ('PREPARING', 'PAUSED') THEN 'PAUSED' ELSE 'ENDED' END,
       b.message, b.template_id, t.business_account_id
FROM broadcasts b
JOIN broadcast_tallies c ON c.workspace_id = b.workspace_id AND c.broadcast_id = b.id
JOIN message_templates t ON t.workspace_id = b.workspace_id AND t.id = b.template_id;

-- How many messages of a source are in each state: moved in the transaction that moves them, and counted again at the end.
ALTER TABLE broadcast_tallies RENAME TO message_counters;
ALTER TABLE message_counters RENAME COLUMN broadcast_id TO source_id;
ALTER TABLE message_counters ADD COLUMN source_kind text NOT NULL DEFAULT 'BROADCAST';
ALTER TABLE message_counters ALTER COLUMN source_kind DROP DEFAULT;
ALTER TABLE message_counters DROP CONSTRAINT broadcast_tallies_pkey;
ALTER TABLE message_counters ADD CONSTRAINT message_counters_pkey PRIMARY KEY (workspace_id, source_kind, source_id);
DROP INDEX broadcast_tallies_under_way_idx;
CREATE INDEX message_counters_under_way_idx ON message_counters (workspace_id, source_kind, source_id)
    WHERE pending > 0 OR sending > 0;

-- The ledger: a message to one person. `visit` tells apart several messages of one source to the same person; 0 for a broadcast.
ALTER TABLE broadcast_recipients RENAME TO messages;
ALTER TABLE messages RENAME CONSTRAINT broadcast_recipients_pkey TO messages_pkey;
ALTER TABLE messages RENAME CONSTRAINT broadcast_recipients_status_check TO messages_status_check;
ALTER SEQUENCE broadcast_recipients_id_seq RENAME TO messages_id_seq;
ALTER TABLE messages RENAME COLUMN broadcast_id TO source_id;
ALTER TABLE messages RENAME COLUMN tries TO attempts;
ALTER TABLE messages RENAME COLUMN claimed_until TO leased_until;
ALTER TABLE messages RENAME COLUMN claimed_by TO lease_token; -- kept after the attempt: a late answer is accepted by it
ALTER TABLE messages ADD COLUMN source_kind text NOT NULL DEFAULT 'BROADCAST';
ALTER TABLE messages ALTER COLUMN source_kind DROP DEFAULT;
ALTER TABLE messages ADD COLUMN visit bigint NOT NULL DEFAULT 0;
ALTER TABLE messages DROP CONSTRAINT broadcast_recipients_phone_key;
ALTER TABLE messages ADD CONSTRAINT messages_source_key UNIQUE (workspace_id, source_kind, source_id, phone, visit);
-- What can be claimed now.
DROP INDEX broadcast_recipients_due_idx;
CREATE INDEX messages_due_idx ON messages (workspace_id, source_kind, source_id, due_at, id) WHERE status = 'PENDING';
-- Messages in one state, in the order of the list. Not the waiting ones: at the start that is everybody, and inserts must be quick.
DROP INDEX broadcast_recipients_status_idx;
CREATE INDEX messages_status_idx ON messages (workspace_id, source_kind, source_id, status, phone) WHERE status <> 'PENDING';
ALTER INDEX broadcast_recipients_message_idx RENAME TO messages_message_idx;
