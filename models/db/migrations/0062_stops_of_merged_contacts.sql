-- A person's stop holds for every number of the person: also for those that earlier merges found.
INSERT INTO suppressions AS known (workspace_id, phone_hash, phone_key, stopped_at, changed_at)
SELECT n.workspace_id, sha256(convert_to(n.workspace_id || ':' || n.phone_key, 'UTF8')), n.phone_key, max(n.at), now()
FROM (
    SELECT c.workspace_id, c.phone_key, c.consent_at AS at FROM contacts AS c
    WHERE c.whatsapp_consent = 'OPTED_OUT' AND c.consent_source = 'PERSON' AND c.phone_key IS NOT NULL AND c.consent_at IS NOT NULL
    UNION ALL
    SELECT a.workspace_id, a.value, c.consent_at FROM contact_aliases AS a
    JOIN contacts AS c ON c.workspace_id = a.workspace_id AND c.id = a.contact_id
    WHERE a.kind = 'PHONE' AND c.whatsapp_consent = 'OPTED_OUT' AND c.consent_source = 'PERSON' AND c.consent_at IS NOT NULL
) AS n
GROUP BY n.workspace_id, n.phone_key
ON CONFLICT (workspace_id, phone_hash) DO UPDATE
    SET stopped_at = greatest(known.stopped_at, known.started_at, excluded.stopped_at), changed_at = excluded.changed_at
    WHERE NOT known.active;
