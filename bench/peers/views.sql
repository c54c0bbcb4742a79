-- What PostGraphile shows: the contacts and the segments of one workspace, and no more than the queries ask for.
-- A view knows its workspace as a constant and its key by a smart tag; a contact's segments are a function that PostgreSQL
-- takes into the query that asks for them.
CREATE SCHEMA peers;

CREATE VIEW peers.contacts AS
SELECT id, name, email, phone, score, whatsapp_consent, tags, created_at
FROM contacts WHERE workspace_id = {workspace_id};
COMMENT ON VIEW peers.contacts IS E'@primaryKey id\n@behavior -insert -update -delete';

CREATE VIEW peers.segments AS
SELECT id, name FROM segments WHERE workspace_id = {workspace_id} AND deleted_at IS NULL;
COMMENT ON VIEW peers.segments IS E'@primaryKey id\n@behavior -insert -update -delete';

CREATE FUNCTION peers.contacts_segments(contact peers.contacts) RETURNS SETOF peers.segments STABLE LANGUAGE sql AS $$
    SELECT s.id, s.name FROM memberships AS m JOIN segments AS s ON s.workspace_id = m.workspace_id AND s.id = m.segment_id
    WHERE m.workspace_id = {workspace_id} AND m.contact_id = contact.id AND s.deleted_at IS NULL ORDER BY s.id
$$;
