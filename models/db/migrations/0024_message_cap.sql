-- At most so many messages to a person within a window, over all sources of the ledger; both are null without a cap.
ALTER TABLE workspaces
    ADD COLUMN message_cap_count integer,
    ADD COLUMN message_cap_window text, -- ISO 8601
    ADD CONSTRAINT workspaces_message_cap_check CHECK ((message_cap_count IS NULL) = (message_cap_window IS NULL));

-- What was sent to a person, or may have been, by the time of the last attempt: `due_at` is set to it when a message is claimed.
CREATE INDEX messages_person_idx ON messages (workspace_id, muster_phone_key(phone), due_at)
    WHERE status IN ('SENDING', 'SENT', 'DELIVERED', 'READ', 'UNCONFIRMED');
