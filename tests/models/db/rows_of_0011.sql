-- from 0001
INSERT INTO workspaces (id, name, timezone, default_country) VALUES (1, 'Clinic', 'Europe/Madrid', 'ES'), (2, 'Empty', 'UTC', NULL);

INSERT INTO people (workspace_id, id, email, name, role, permissions, password_hash)
VALUES (1, 1, 'ada@example.org', 'Ada', 'ADMIN', '{}', '$argon2id$x'), (1, 2, 'bo@example.org', 'Bo', 'USER', '{CONTACT_READ}', '$argon2id$y');

INSERT INTO api_tokens (workspace_id, id, name, secret_hash, permissions, created_by) VALUES (1, 1, 'app', 'hash', '{CONTACT_READ}', 1);

INSERT INTO sign_in_attempts (key, attempts, ends_at) VALUES ('someone', 2, '2026-01-01Z');

INSERT INTO audit_log (workspace_id, actor_kind, actor_id, action) VALUES (1, 'MEMBER', 1, 'contact_create');

INSERT INTO contact_fields (workspace_id, id, key, label, type, choices)
VALUES (1, 1, 'city', 'City', 'CHOICE', '{Madrid,Lyon}'), (1, 2, 'last_visit', 'Last visit', 'DATE', NULL);

INSERT INTO tags (workspace_id, key, name) VALUES (1, 'vip', 'VIP');

INSERT INTO contacts (workspace_id, id, external_id, name, email, phone, date_of_birth, tags, attributes)
VALUES (1, 1, 'e1', 'Ana', 'ana@example.org', '+34600000001', '0001-01-01', '{VIP}', '{"city": "Madrid", "last_visit": "2026-01-02"}'),
       (1, 2, NULL, 'Ben', NULL, '+34600000002', NULL, '{}', '{}'),
       (1, 3, NULL, 'Caio', NULL, '+551176500001', NULL, '{}', '{}'), (1, 4, NULL, 'Caio M.', NULL, '+5511976500001', NULL, '{}', '{}');

INSERT INTO activities (workspace_id, id, contact_id, kind, occurred_at, properties) VALUES (1, 1, 1, 'purchase', '2026-01-01Z', '{"total": 10}');

INSERT INTO segments (workspace_id, id, name, kind, rule, rule_in_force, force_version, member_count, deleted_at)
VALUES (1, 1, 'Static', 'STATIC', NULL, NULL, 0, 1, NULL),
       (1, 2, 'Madrid', 'DYNAMIC', '{"field": {"field": "attributes.city", "operator": "EQUALS", "value": "Madrid"}}',
        '{"field": {"field": "attributes.city", "operator": "EQUALS", "value": "Madrid"}}', 1, 1, NULL),
       (1, 3, 'Gone', 'STATIC', NULL, NULL, 0, 1, '2026-01-01Z');

SET muster.members = 'logged'; INSERT INTO memberships (workspace_id, segment_id, contact_id, origin) VALUES (1, 1, 1, 'MANUAL'), (1, 2, 1, 'RULE'), (1, 3, 2, 'MANUAL');

INSERT INTO membership_overrides (workspace_id, segment_id, contact_id, override) VALUES (1, 2, 2, 'EXCLUDE');

INSERT INTO segment_uses (workspace_id, id, segment_id, kind, used_by_id, label, active) VALUES (1, 1, 1, 'BROADCAST', 1, 'Spring', true);

INSERT INTO jobs (workspace_id, id, kind, status, claim, claimed_until, stumbles, progress)
VALUES (1, 1, 'IMPORT', 'RUNNING', 3, '2026-01-01Z', 2, '{"line": 10, "survey": {"rows": 12}}'), (1, 2, 'EXPORT', 'SUCCEEDED', 1, NULL, 0, '{}');

INSERT INTO dirty_contacts (workspace_id, contact_id, fields) VALUES (1, 1, '{*}'), (1, 2, '{name,activity:purchase,segment:1,rule:2}');

-- from 0002
INSERT INTO membership_heads (workspace_id, position, floor) VALUES (1, 2, 0);

INSERT INTO membership_appends (workspace_id, position, size, append_id, at) VALUES (1, 2, 2, 900, '2026-01-01Z');

INSERT INTO membership_changes (workspace_id, append_id, place, segment_id, contact_id, kind, origin, at)
VALUES (1, 900, 1, 1, 1, 'ENTERED', 'MANUAL', '2026-01-01Z'), (1, 900, 2, 2, 1, 'ENTERED', 'RULE', '2026-01-01Z');

INSERT INTO segment_builds (workspace_id, segment_id, started_at) VALUES (1, 2, '2026-01-01Z');

INSERT INTO build_marks (workspace_id, segment_id, contact_id) VALUES (1, 2, 1);

INSERT INTO membership_audits (workspace_id, contact_id) VALUES (1, 1);

-- from 0003
INSERT INTO uploads (workspace_id, id, filename, expires_at) VALUES (1, 1, 'people.csv', '2026-01-01Z');

INSERT INTO import_changes (workspace_id, job_id, contact_id, line, outcome) VALUES (1, 1, 1, 2, 'CREATED');

INSERT INTO import_refusals (workspace_id, job_id, line, outcome, reason, cells) VALUES (1, 1, 3, 'REJECTED', 'no key', '{a,b}');

INSERT INTO import_dry_keys (workspace_id, job_id, column_name, value, contact_id) VALUES (1, 1, 'email', 'x@example.org', -1);

-- from 0004
INSERT INTO whatsapp_channels (workspace_id, id, number_id, business_account_id, token_sealed, app_secret_sealed, verify_token_hash, stop_words)
VALUES (1, 1, '106', '102', '\x01', '\x02', 'hash', '{STOP}');

INSERT INTO channel_errands (workspace_id, id, kind, status, claimed_until)
VALUES (1, 1, 'CHECK', 'WAITING', NULL), (1, 2, 'TEST', 'RUNNING', '2026-01-01Z'), (1, 3, 'CHECK', 'DONE', NULL);

INSERT INTO whatsapp_reached (workspace_id, business_account_id, phone, reached_at) VALUES (1, '102', '+34600000001', '2026-01-01Z'), (1, '102', '+551176500001', '2026-01-01Z');

INSERT INTO whatsapp_quotas (workspace_id, business_account_id, used) VALUES (1, '102', 1);

INSERT INTO whatsapp_aliases (workspace_id, wa_id, phone) VALUES (1, '5511', '+55119');

INSERT INTO whatsapp_opt_outs (workspace_id, phone, source, consent_before, at) VALUES (1, '+34600000002', 'PERSON', 'OPTED_IN', '2026-01-01Z');

INSERT INTO message_templates (workspace_id, id, business_account_id, external_id, name, language, category, status, body, parameters, slots, synced_at)
VALUES (1, 1, '102', '9', 'hello', 'en', 'MARKETING', 'APPROVED', 'Hi', '{name}', '[]', '2026-01-01Z');

INSERT INTO broadcasts (workspace_id, id, name, status, template_id, include_segment_ids, message, audience_size)
VALUES (1, 1, 'Spring', 'SENDING', 1, '{1}', '{"name": "hello", "language": "en", "slots": []}', 8),
       (1, 2, 'Draft', 'DRAFT', 1, '{1}', NULL, NULL),
       (1, 3, 'Paused', 'PAUSED', 1, '{1}', '{"name": "hello", "language": "en", "slots": []}', 1);

INSERT INTO broadcast_tallies (workspace_id, broadcast_id, pending, sending, sent, delivered, read, failed, skipped, unconfirmed)
VALUES (1, 1, 1, 1, 1, 1, 1, 1, 1, 1), (1, 3, 1, 0, 0, 0, 0, 0, 0, 0);

INSERT INTO broadcast_recipients (workspace_id, broadcast_id, contact_id, phone, parameters, status, due_at, tries, claimed_until, claimed_by, message_id)
SELECT 1, 1, n, '+3460000000' || n, '{Ana}', status, '2026-01-01Z', 1, CASE WHEN status = 'SENDING' THEN '2026-01-01Z'::timestamptz END,
       CASE WHEN status = 'SENDING' THEN 7 END, CASE WHEN status IN ('SENT', 'DELIVERED', 'READ') THEN 'wamid.' || n END
FROM unnest('{PENDING,SENDING,SENT,DELIVERED,READ,FAILED,SKIPPED,UNCONFIRMED}'::text[]) WITH ORDINALITY AS s (status, n);

INSERT INTO broadcast_recipients (workspace_id, broadcast_id, contact_id, phone, parameters, due_at) VALUES (1, 3, 1, '+34600000001', '{Ana}', '2026-01-01Z');

INSERT INTO webhook_inbox (workspace_id, channel_id, body, stumbles) VALUES (1, 1, '\x7b7d', 0), (1, 1, '\x7b7d', 5);

-- from 0006
INSERT INTO segment_days (workspace_id, segment_id, starts_at, ends_at, members, entered, "left") VALUES (1, 1, '2026-01-01Z', '2026-01-02Z', 1, 1, 0);

INSERT INTO segment_days_written (workspace_id, until) VALUES (1, '2026-01-02Z');
