-- Who writes members in SQL is in the middle of it until the commit: until then nobody tells that the segment's members have left,
-- or are back. Otherwise both would tell of the same member, or of one that the other did not see.

CREATE OR REPLACE FUNCTION muster_log_member(workspace bigint, segment bigint, contact bigint, change text, how text) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    setting text := 'muster.append_' || workspace;
    last text := coalesce(current_setting(setting, true), '');
    append bigint := CASE last WHEN '' THEN nextval('membership_append_ids') ELSE split_part(last, ':', 1)::bigint END;
    place integer := CASE last WHEN '' THEN 1 ELSE split_part(last, ':', 2)::integer + 1 END;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('muster:telling:' || workspace || ':' || segment, 0));
    -- The members of a deleted segment are kept for its return; those who were told to have left are not told of again.
    UPDATE segments SET member_count = member_count + CASE change WHEN 'ENTERED' THEN 1 ELSE -1 END
    WHERE workspace_id = workspace AND id = segment AND contact <= told_out_to;
    IF FOUND THEN
        -- Perhaps the contact is being deleted at this very moment: the engine looks.
        INSERT INTO dirty_contacts (workspace_id, contact_id, fields) VALUES (workspace, contact, ARRAY['segment:' || segment]);
        RETURN;
    END IF;
    PERFORM set_config(setting, append || ':' || place, true);
    INSERT INTO membership_changes (workspace_id, append_id, place, segment_id, contact_id, kind, origin, at)
    VALUES (workspace, append, place, segment, contact, change, how, clock_timestamp());
    IF last = '' THEN -- last of all: where constraints are IMMEDIATE, the append is closed here and now
        INSERT INTO membership_errands (workspace_id, append_id) VALUES (workspace, append);
    END IF;
END $$;
