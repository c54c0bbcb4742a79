-- What operators do in SQL, captured as well: contacts that get another number or another workspace, tables that are emptied,
-- zones and fields that change what rules mean.

CREATE OR REPLACE FUNCTION muster_capture_contact() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed text[] := '{}';
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO dirty_contacts (workspace_id, contact_id, fields) VALUES (NEW.workspace_id, NEW.id, '{*}');
        RETURN NULL;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO dirty_contacts (workspace_id, contact_id, fields) VALUES (OLD.workspace_id, OLD.id, '{-}');
        RETURN NULL;
    ELSIF (OLD.workspace_id, OLD.id) IS DISTINCT FROM (NEW.workspace_id, NEW.id) THEN
        INSERT INTO dirty_contacts (workspace_id, contact_id, fields)
        VALUES (OLD.workspace_id, OLD.id, '{-}'), (NEW.workspace_id, NEW.id, '{*}');
        RETURN NULL;
    END IF;
    IF OLD.external_id IS DISTINCT FROM NEW.external_id THEN changed := changed || 'external_id'::text; END IF;
    IF OLD.name IS DISTINCT FROM NEW.name THEN changed := changed || 'name'::text; END IF;
    IF OLD.email IS DISTINCT FROM NEW.email THEN changed := changed || 'email'::text; END IF;
    IF OLD.phone IS DISTINCT FROM NEW.phone THEN changed := changed || 'phone'::text; END IF;
    IF OLD.date_of_birth IS DISTINCT FROM NEW.date_of_birth THEN changed := changed || 'date_of_birth'::text; END IF;
    IF OLD.subscribed_at IS DISTINCT FROM NEW.subscribed_at THEN changed := changed || 'subscribed_at'::text; END IF;
    IF OLD.last_interaction_at IS DISTINCT FROM NEW.last_interaction_at THEN changed := changed || 'last_interaction_at'::text; END IF;
    IF OLD.score IS DISTINCT FROM NEW.score THEN changed := changed || 'score'::text; END IF;
    IF OLD.whatsapp_consent IS DISTINCT FROM NEW.whatsapp_consent THEN changed := changed || 'whatsapp_consent'::text; END IF;
    IF OLD.tags IS DISTINCT FROM NEW.tags THEN changed := changed || 'tags'::text; END IF;
    IF OLD.created_at IS DISTINCT FROM NEW.created_at THEN changed := changed || 'created_at'::text; END IF;
    IF OLD.updated_at IS DISTINCT FROM NEW.updated_at THEN changed := changed || 'updated_at'::text; END IF;
    IF OLD.attributes IS DISTINCT FROM NEW.attributes THEN
        changed := changed || ARRAY(
            SELECT 'attributes.' || key
            FROM (SELECT jsonb_object_keys(OLD.attributes) UNION SELECT jsonb_object_keys(NEW.attributes)) AS keys (key)
            WHERE OLD.attributes -> key IS DISTINCT FROM NEW.attributes -> key);
    END IF;
    INSERT INTO dirty_contacts (workspace_id, contact_id, fields) VALUES (NEW.workspace_id, NEW.id, changed);
    RETURN NULL;
END $$;

-- ---------------------------------------------------------------- tables that are emptied

-- TRUNCATE fires no trigger of a row: what is about to go is marked before, as its DELETE would have marked it.
CREATE FUNCTION muster_capture_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'contacts' THEN
            INSERT INTO dirty_contacts (workspace_id, contact_id, fields, bulk) SELECT workspace_id, id, '{-}', true FROM contacts;
        WHEN 'activities' THEN
            INSERT INTO dirty_contacts (workspace_id, contact_id, fields, bulk)
            SELECT workspace_id, contact_id, array_agg(DISTINCT 'activity:' || kind), true FROM activities GROUP BY 1, 2;
        WHEN 'membership_overrides' THEN
            INSERT INTO dirty_contacts (workspace_id, contact_id, fields, bulk)
            SELECT workspace_id, contact_id, array_agg('rule:' || segment_id), true FROM membership_overrides GROUP BY 1, 2;
        WHEN 'memberships' THEN
            DELETE FROM memberships; -- each one that leaves is told
    END CASE;
    RETURN NULL;
END $$;

CREATE TRIGGER contacts_capture_truncate BEFORE TRUNCATE ON contacts
    WHEN (muster_captures()) EXECUTE FUNCTION muster_capture_truncate();
CREATE TRIGGER activities_capture_truncate BEFORE TRUNCATE ON activities
    WHEN (muster_captures()) EXECUTE FUNCTION muster_capture_truncate();
CREATE TRIGGER membership_overrides_capture_truncate BEFORE TRUNCATE ON membership_overrides
    WHEN (muster_logs_members()) EXECUTE FUNCTION muster_capture_truncate();
CREATE TRIGGER memberships_capture_truncate BEFORE TRUNCATE ON memberships
    WHEN (muster_logs_members()) EXECUTE FUNCTION muster_capture_truncate();

-- ---------------------------------------------------------------- what rules mean

-- In another zone days begin at other moments, and every line lies elsewhere.
CREATE FUNCTION muster_rebuild_of_zone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE segments SET rule_version = rule_version + 1, status = 'BUILDING'
    WHERE workspace_id = NEW.id AND kind <> 'STATIC' AND deleted_at IS NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER workspaces_rebuild AFTER UPDATE OF timezone ON workspaces FOR EACH ROW
    WHEN (OLD.timezone IS DISTINCT FROM NEW.timezone) EXECUTE FUNCTION muster_rebuild_of_zone();

-- A rule that speaks of a field reads it otherwise now; one that cannot be read any more becomes FAILED, for all to see.
CREATE FUNCTION muster_rebuild_of_field() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE segments SET rule_version = rule_version + 1, status = 'BUILDING'
    WHERE workspace_id = OLD.workspace_id AND kind <> 'STATIC' AND deleted_at IS NULL
      AND jsonb_path_exists(jsonb_build_array(rule, rule_in_force), 'strict $.**.field.field ? (@ == $name)',
                            jsonb_build_object('name', 'attributes.' || OLD.key));
    RETURN NULL;
END $$;

CREATE TRIGGER contact_fields_rebuild AFTER UPDATE OF key, type, choices ON contact_fields FOR EACH ROW
    WHEN ((OLD.key, OLD.type, OLD.choices) IS DISTINCT FROM (NEW.key, NEW.type, NEW.choices))
    EXECUTE FUNCTION muster_rebuild_of_field();
CREATE TRIGGER contact_fields_rebuild_deleted AFTER DELETE ON contact_fields FOR EACH ROW
    WHEN (OLD.deleted_at IS NULL) EXECUTE FUNCTION muster_rebuild_of_field();
