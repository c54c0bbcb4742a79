-- Tables, columns and indexes get the names that the code uses. Nothing else changes.

ALTER TABLE people RENAME TO members;
ALTER TABLE members RENAME CONSTRAINT people_pkey TO members_pkey;
ALTER TABLE members RENAME CONSTRAINT people_email_key TO members_email_key;
ALTER TABLE members RENAME CONSTRAINT people_role_check TO members_role_check;
ALTER TABLE members RENAME CONSTRAINT people_workspace_id_fkey TO members_workspace_id_fkey;
ALTER INDEX people_email_idx RENAME TO members_email_idx;
ALTER SEQUENCE people_id_seq RENAME TO members_id_seq;

ALTER TABLE segments RENAME COLUMN rule_in_force TO active_rule;
ALTER TABLE segments RENAME COLUMN force_version TO active_version;
ALTER TABLE segments RENAME COLUMN told_out_to TO logged_up_to;
ALTER INDEX segments_telling_idx RENAME TO segments_backfill_idx;

ALTER TABLE whatsapp_channels RENAME COLUMN token_sealed TO encrypted_token;
ALTER TABLE whatsapp_channels RENAME COLUMN app_secret_sealed TO encrypted_app_secret;

ALTER TABLE membership_errands RENAME TO membership_open_appends;
ALTER TABLE membership_open_appends RENAME CONSTRAINT membership_errands_pkey TO membership_open_appends_pkey;
ALTER TRIGGER membership_errands_close ON membership_open_appends RENAME TO membership_open_appends_close;

CREATE OR REPLACE FUNCTION muster_log_member(workspace bigint, segment bigint, contact bigint, change text, how text) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    setting text := 'muster.append_' || workspace;
    last text := coalesce(current_setting(setting, true), '');
    append bigint := CASE WHEN last = '' THEN nextval('membership_append_ids') ELSE split_part(last, ':', 1)::bigint END;
    place integer := CASE WHEN last = '' THEN 1 ELSE split_part(last, ':', 2)::integer + 1 END;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('muster:backfill:' || workspace || ':' || segment, 0));
    -- The members of a deleted segment stay for its return. For those up to logged_up_to the log has said that they left.
    UPDATE segments SET member_count = member_count + CASE WHEN change = 'ENTERED' THEN 1 ELSE -1 END
    WHERE workspace_id = workspace AND id = segment AND contact <= logged_up_to;
    IF FOUND THEN
        -- The contact may be in the middle of being deleted: the engine looks at it.
        INSERT INTO dirty_contacts (workspace_id, contact_id, fields) VALUES (workspace, contact, ARRAY['segment:' || segment]);
        RETURN;
    END IF;
    PERFORM set_config(setting, append || ':' || place, true);
    INSERT INTO membership_changes (workspace_id, append_id, place, segment_id, contact_id, kind, origin, at)
    VALUES (workspace, append, place, segment, contact, change, how, clock_timestamp());
    IF last = '' THEN -- comes last: where constraints are IMMEDIATE, the append is closed by this insert
        INSERT INTO membership_open_appends (workspace_id, append_id) VALUES (workspace, append);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION muster_close_append() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changes integer;
    new_position bigint;
BEGIN
    PERFORM set_config('muster.append_' || NEW.workspace_id, '', true);
    DELETE FROM membership_open_appends WHERE workspace_id = NEW.workspace_id AND append_id = NEW.append_id;
    SELECT count(*) INTO changes FROM membership_changes WHERE workspace_id = NEW.workspace_id AND append_id = NEW.append_id;
    IF changes = 0 THEN RETURN NULL; END IF;
    -- For segments that mention these segments; and for these segments themselves, if they have a rule.
    INSERT INTO dirty_contacts (workspace_id, contact_id, fields, bulk)
    SELECT workspace_id, contact_id, ARRAY['segment:' || segment_id, 'rule:' || segment_id], changes > 100
    FROM membership_changes WHERE workspace_id = NEW.workspace_id AND append_id = NEW.append_id;
    INSERT INTO membership_heads AS head (workspace_id, position) VALUES (NEW.workspace_id, changes)
    ON CONFLICT (workspace_id) DO UPDATE SET position = head.position + changes
    RETURNING head.position INTO new_position;
    INSERT INTO membership_appends (workspace_id, position, size, append_id, at)
    VALUES (NEW.workspace_id, new_position, changes, NEW.append_id, clock_timestamp());
    UPDATE segments AS s SET member_count = s.member_count + d.delta
    FROM (SELECT segment_id, sum(CASE WHEN kind = 'ENTERED' THEN 1 ELSE -1 END) AS delta FROM membership_changes
          WHERE workspace_id = NEW.workspace_id AND append_id = NEW.append_id GROUP BY segment_id) AS d
    WHERE s.workspace_id = NEW.workspace_id AND s.id = d.segment_id;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION muster_rebuild_of_field() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE segments SET rule_version = rule_version + 1, status = 'BUILDING'
    WHERE workspace_id = OLD.workspace_id AND kind <> 'STATIC' AND deleted_at IS NULL
      AND jsonb_path_exists(jsonb_build_array(rule, active_rule), 'strict $.**.field.field ? (@ == $name)',
                            jsonb_build_object('name', 'attributes.' || OLD.key));
    RETURN NULL;
END $$;
