-- Texts are stored composed (NFC): letters that look alike are one. What was stored before is composed here; an external id that
-- another contact has already, when it is composed, stays as it is.
CREATE FUNCTION muster_composed(value jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE jsonb_typeof(value)
        WHEN 'string' THEN to_jsonb(normalize(value #>> '{}'))
        WHEN 'array' THEN (SELECT coalesce(jsonb_agg(muster_composed(item) ORDER BY place), '[]')
                           FROM jsonb_array_elements(value) WITH ORDINALITY AS t (item, place))
        WHEN 'object' THEN (SELECT coalesce(jsonb_object_agg(normalize(key), muster_composed(item)), '{}')
                            FROM jsonb_each(value) AS t (key, item))
        ELSE value
    END;
END $$;

-- Tags that become one keep the spelling of the composed one.
INSERT INTO tags (workspace_id, key, name)
SELECT DISTINCT ON (workspace_id, lower(normalize(name))) workspace_id, lower(normalize(name)), normalize(name)
FROM tags WHERE name IS NOT NFC NORMALIZED
ORDER BY workspace_id, lower(normalize(name)), key
ON CONFLICT (workspace_id, key) DO NOTHING;

UPDATE contacts c SET tags = ARRAY(
    SELECT name FROM (
        SELECT DISTINCT ON (lower(normalize(held.tag))) coalesce(known.name, normalize(held.tag)) AS name, held.place
        FROM unnest(c.tags) WITH ORDINALITY AS held (tag, place)
        LEFT JOIN tags known ON known.workspace_id = c.workspace_id AND known.key = lower(normalize(held.tag))
        ORDER BY lower(normalize(held.tag)), held.place
    ) AS kept ORDER BY place)
WHERE array_to_string(c.tags, E'\n') IS NOT NFC NORMALIZED;

DELETE FROM tags WHERE name IS NOT NFC NORMALIZED;

UPDATE contacts
SET name = normalize(name), first_name = normalize(first_name), last_name = normalize(last_name), attributes = muster_composed(attributes)
WHERE name IS NOT NFC NORMALIZED OR first_name IS NOT NFC NORMALIZED OR last_name IS NOT NFC NORMALIZED
   OR attributes::text IS NOT NFC NORMALIZED;

WITH wanted AS (
    SELECT workspace_id, normalize(external_id) AS external_id, min(id) AS id
    FROM contacts WHERE external_id IS NOT NFC NORMALIZED GROUP BY 1, 2
)
UPDATE contacts c SET external_id = wanted.external_id FROM wanted
WHERE c.workspace_id = wanted.workspace_id AND c.id = wanted.id
  AND NOT EXISTS (SELECT 1 FROM contacts other
                  WHERE other.workspace_id = wanted.workspace_id AND other.external_id = wanted.external_id);

UPDATE activities SET properties = muster_composed(properties) WHERE properties::text IS NOT NFC NORMALIZED;

UPDATE contact_fields
SET label = normalize(label),
    choices = (SELECT array_agg(choice ORDER BY place)
               FROM (SELECT normalize(given) AS choice, min(place) AS place
                     FROM unnest(choices) WITH ORDINALITY AS t (given, place) GROUP BY 1) AS kept)
WHERE label IS NOT NFC NORMALIZED OR array_to_string(choices, E'\n') IS NOT NFC NORMALIZED;

UPDATE segments SET name = normalize(name), description = normalize(description)
WHERE name IS NOT NFC NORMALIZED OR description IS NOT NFC NORMALIZED;

-- Rules that mean more than before are built again: those with letters that were not composed, and those that now look into the lists of
-- an activity's property.
UPDATE segments SET rule_version = rule_version + 1, status = 'BUILDING'
WHERE kind <> 'STATIC' AND deleted_at IS NULL
  AND (jsonb_build_array(rule, active_rule)::text IS NOT NFC NORMALIZED
       OR jsonb_path_exists(jsonb_build_array(rule, active_rule),
           '$.**.activity.where[*].operator ? (@ == "EQUALS" || @ == "NOT_EQUALS" || @ == "IN" || @ == "NOT_IN" || @ == "CONTAINS")'));

DROP FUNCTION muster_composed(jsonb);

-- A later migration may alter segments, which it cannot while their triggers wait.
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
