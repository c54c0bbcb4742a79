-- A date that comes at a local time comes once, also to contacts whose time zone changes meanwhile.

-- Marks say which time zone a contact had before: `timezone-:Europe/Madrid`.
CREATE OR REPLACE FUNCTION muster_capture_contact() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed text[] := '{}';
BEGIN
    IF TG_OP = 'INSERT' THEN
        changed := '{*}';
        IF NEW.tags <> '{}' THEN
            changed := changed || ARRAY(SELECT 'tag+:' || key FROM unnest(NEW.tag_keys) AS keys (key));
        END IF;
        INSERT INTO dirty_contacts (workspace_id, contact_id, fields) VALUES (NEW.workspace_id, NEW.id, changed);
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
    IF OLD.first_name IS DISTINCT FROM NEW.first_name THEN changed := changed || 'first_name'::text; END IF;
    IF OLD.last_name IS DISTINCT FROM NEW.last_name THEN changed := changed || 'last_name'::text; END IF;
    IF OLD.email IS DISTINCT FROM NEW.email THEN changed := changed || 'email'::text; END IF;
    IF OLD.phone IS DISTINCT FROM NEW.phone THEN changed := changed || 'phone'::text; END IF;
    IF OLD.timezone IS DISTINCT FROM NEW.timezone THEN
        changed := changed || 'timezone'::text || ('timezone-:' || coalesce(OLD.timezone, ''));
    END IF;
    IF OLD.date_of_birth IS DISTINCT FROM NEW.date_of_birth THEN changed := changed || 'date_of_birth'::text; END IF;
    IF OLD.subscribed_at IS DISTINCT FROM NEW.subscribed_at THEN changed := changed || 'subscribed_at'::text; END IF;
    IF OLD.last_interaction_at IS DISTINCT FROM NEW.last_interaction_at THEN changed := changed || 'last_interaction_at'::text; END IF;
    IF OLD.score IS DISTINCT FROM NEW.score THEN changed := changed || 'score'::text; END IF;
    IF OLD.whatsapp_consent IS DISTINCT FROM NEW.whatsapp_consent THEN changed := changed || 'whatsapp_consent'::text; END IF;
    IF OLD.tags IS DISTINCT FROM NEW.tags THEN
        changed := changed || 'tags'::text
            || ARRAY(SELECT 'tag+:' || key FROM unnest(NEW.tag_keys) AS keys (key) WHERE NOT key = ANY (OLD.tag_keys))
            || ARRAY(SELECT 'tag-:' || key FROM unnest(OLD.tag_keys) AS keys (key) WHERE NOT key = ANY (NEW.tag_keys));
    END IF;
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

-- Of the workspace: the zone by which a date was looked at up to next_at, and those before, each with when it changed.
ALTER TABLE workflow_schedules ADD COLUMN timezone text NOT NULL DEFAULT '';
ALTER TABLE workflow_schedules ADD COLUMN zones_before jsonb NOT NULL DEFAULT '[]';
UPDATE workflow_schedules AS s SET timezone = w.timezone FROM workspaces AS w WHERE w.id = s.workspace_id;

-- Of contacts: the zone before, and when it changed.
CREATE TABLE workflow_zone_changes (
    workspace_id bigint NOT NULL,
    contact_id   bigint NOT NULL,
    at           timestamptz NOT NULL,
    zone         text,
    PRIMARY KEY (workspace_id, contact_id, at)
);
CREATE INDEX workflow_zone_changes_at_idx ON workflow_zone_changes (workspace_id, at);

-- What runs by dates in the zones of contacts listens to these.
INSERT INTO workflow_sources (workspace_id, source, workflow_id, number, since, since_at)
SELECT DISTINCT s.workspace_id, 'timezone', s.workflow_id, s.number, 0, '-infinity'::timestamptz
FROM workflow_sources AS s
JOIN workflow_versions AS v ON v.workspace_id = s.workspace_id AND v.workflow_id = s.workflow_id AND v.number = s.number
WHERE v.graph ->> 'zone' = 'CONTACT' AND jsonb_path_exists(v.graph, '$.triggers[*].on.date')
ON CONFLICT (workspace_id, source, workflow_id, number) DO NOTHING;
