-- First and last name, and the time zone, of a contact.
ALTER TABLE contacts
    ADD COLUMN first_name text,
    ADD COLUMN last_name text,
    ADD COLUMN timezone text;

DROP TRIGGER contacts_touch ON contacts;
CREATE TRIGGER contacts_touch BEFORE UPDATE ON contacts FOR EACH ROW
    WHEN ((OLD.external_id, OLD.name, OLD.first_name, OLD.last_name, OLD.email, OLD.phone, OLD.timezone, OLD.date_of_birth,
           OLD.subscribed_at, OLD.last_interaction_at, OLD.score, OLD.whatsapp_consent, OLD.tags, OLD.attributes)
          IS DISTINCT FROM
          (NEW.external_id, NEW.name, NEW.first_name, NEW.last_name, NEW.email, NEW.phone, NEW.timezone, NEW.date_of_birth,
           NEW.subscribed_at, NEW.last_interaction_at, NEW.score, NEW.whatsapp_consent, NEW.tags, NEW.attributes))
    EXECUTE FUNCTION muster_touch_contact();

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
    IF OLD.first_name IS DISTINCT FROM NEW.first_name THEN changed := changed || 'first_name'::text; END IF;
    IF OLD.last_name IS DISTINCT FROM NEW.last_name THEN changed := changed || 'last_name'::text; END IF;
    IF OLD.email IS DISTINCT FROM NEW.email THEN changed := changed || 'email'::text; END IF;
    IF OLD.phone IS DISTINCT FROM NEW.phone THEN changed := changed || 'phone'::text; END IF;
    IF OLD.timezone IS DISTINCT FROM NEW.timezone THEN changed := changed || 'timezone'::text; END IF;
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
