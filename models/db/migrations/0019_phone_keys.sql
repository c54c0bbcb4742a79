-- One number is written in several ways in some countries. Contacts are found by a key that all spellings share; `phone` stays as
-- it is shown.

-- models/values/phones.py has the same table: Brazil's ninth digit, Mexico's 1, Argentina's 9 and 15, Benin's 01.
CREATE FUNCTION muster_phone_key(phone text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN phone ~ '^\+(?!5[245]|229)[0-9]+$' THEN phone ELSE
        regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
            nullif('+' || regexp_replace(phone, '[^0-9]', '', 'g'), '+'),
            '^(\+55[1-9]{2})([6-9][0-9]{7})$', '\19\2'),
            '^(\+52)1([0-9]{10})$', '\1\2'),
            '^(\+54)([1-3][0-9]{9}(?:[0-9]{2})?)$', '\19\2'),
            '^(\+549(?=[0-9]{12}$)(?:11|[23][0-9]{2,3}))15([0-9]{6,8})$', '\1\2'),
            '^(\+229)([0-9]{8})$', '\101\2')
        END;

-- phone_twin: 0, or 1, 2, .. for contacts of before that have the number of an older contact. None is merged or lost; the mark goes
-- when the older contact, or its number, does.
ALTER TABLE contacts
    ADD COLUMN phone_key text GENERATED ALWAYS AS (muster_phone_key(phone)) STORED,
    ADD COLUMN phone_twin smallint NOT NULL DEFAULT 0;

SET LOCAL muster.capture = 'off'; -- no rule reads the mark

UPDATE contacts c SET phone_twin = twin.place
FROM (SELECT workspace_id, id, row_number() OVER (PARTITION BY workspace_id, phone_key ORDER BY id) - 1 AS place
      FROM contacts WHERE phone_key IS NOT NULL) AS twin
WHERE c.workspace_id = twin.workspace_id AND c.id = twin.id AND twin.place > 0;

SET LOCAL muster.capture TO DEFAULT;

ALTER TABLE contacts DROP CONSTRAINT contacts_phone_key;
-- The condition keeps a generated column out of what PostgreSQL takes for a key of the table: with a BEFORE trigger every UPDATE of a
-- contact would count as one of its key, and lock out each new activity of the contact.
CREATE UNIQUE INDEX contacts_phone_key_key ON contacts (workspace_id, phone_key, phone_twin) WHERE phone_key IS NOT NULL;
CREATE INDEX contacts_phone_twin_idx ON contacts (workspace_id, id) WHERE phone_twin > 0;

CREATE OR REPLACE FUNCTION muster_touch_contact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    IF OLD.phone_twin > 0 AND muster_phone_key(NEW.phone) IS DISTINCT FROM OLD.phone_key THEN
        NEW.phone_twin := 0;
    END IF;
    RETURN NEW;
END $$;

-- People are counted and paced by the key.
ALTER TABLE whatsapp_reached RENAME COLUMN phone TO phone_key;
WITH spelled AS (
    DELETE FROM whatsapp_reached WHERE phone_key <> muster_phone_key(phone_key) RETURNING *)
INSERT INTO whatsapp_reached AS r (workspace_id, business_account_id, phone_key, reached_at)
SELECT workspace_id, business_account_id, muster_phone_key(phone_key), max(reached_at) FROM spelled GROUP BY 1, 2, 3
ON CONFLICT (workspace_id, business_account_id, phone_key) DO UPDATE
    SET reached_at = CASE WHEN r.reached_at < excluded.reached_at THEN excluded.reached_at ELSE r.reached_at END;

-- WhatsApp's ids that the key explains need no row.
DELETE FROM whatsapp_aliases WHERE muster_phone_key(wa_id) = muster_phone_key(phone);
