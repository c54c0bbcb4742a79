-- The members of a deleted segment are told to have left so many at a time, and to be back when it returns.

ALTER TABLE segments
    ADD COLUMN told_out_to bigint NOT NULL DEFAULT 0, -- members up to this contact have been told to have left
    ADD COLUMN restore_asked_at timestamptz; -- a deleted one that comes back once all its members have been told to be back

UPDATE segments SET told_out_to = 9223372036854775807 WHERE deleted_at IS NOT NULL;

CREATE INDEX segments_telling_idx ON segments (workspace_id, id)
    WHERE deleted_at IS NOT NULL AND (told_out_to < 9223372036854775807 OR restore_asked_at IS NOT NULL);

CREATE OR REPLACE FUNCTION muster_log_member(workspace bigint, segment bigint, contact bigint, change text, how text) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    setting text := 'muster.append_' || workspace;
    last text := coalesce(current_setting(setting, true), '');
    append bigint := CASE last WHEN '' THEN nextval('membership_append_ids') ELSE split_part(last, ':', 1)::bigint END;
    place integer := CASE last WHEN '' THEN 1 ELSE split_part(last, ':', 2)::integer + 1 END;
BEGIN
    -- The members of a deleted segment are kept for its return; those who were told to have left are not told of again.
    UPDATE segments SET member_count = member_count + CASE change WHEN 'ENTERED' THEN 1 ELSE -1 END
    WHERE workspace_id = workspace AND id = segment AND contact <= told_out_to;
    IF FOUND THEN RETURN; END IF;
    PERFORM set_config(setting, append || ':' || place, true);
    INSERT INTO membership_changes (workspace_id, append_id, place, segment_id, contact_id, kind, origin, at)
    VALUES (workspace, append, place, segment, contact, change, how, clock_timestamp());
    IF last = '' THEN -- last of all: where constraints are IMMEDIATE, the append is closed here and now
        INSERT INTO membership_errands (workspace_id, append_id) VALUES (workspace, append);
    END IF;
END $$;
