-- A parameter's text as a message can hold it. The white space is named character by character: what [[:space:]] means depends
-- on the locale of the database (U+00A0 is none under a libc locale). These are the characters that Python calls white space,
-- and the control characters.
CREATE OR REPLACE FUNCTION muster_parameter(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN nullif(btrim(regexp_replace(value,
        '[\u0001-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+', ' ', 'g')), '');

-- Imports stored the first and the last day and instant as infinities.
UPDATE contacts
SET date_of_birth = CASE WHEN date_of_birth = '-infinity' THEN date '0001-01-01'
                         WHEN date_of_birth = 'infinity' THEN date '9999-12-31' ELSE date_of_birth END,
    subscribed_at = CASE WHEN subscribed_at = '-infinity' THEN timestamptz '0001-01-01 00:00:00+00'
                         WHEN subscribed_at = 'infinity' THEN timestamptz '9999-12-31 23:59:59.999999+00' ELSE subscribed_at END,
    last_interaction_at = CASE WHEN last_interaction_at = '-infinity' THEN timestamptz '0001-01-01 00:00:00+00'
                               WHEN last_interaction_at = 'infinity' THEN timestamptz '9999-12-31 23:59:59.999999+00'
                               ELSE last_interaction_at END
WHERE date_of_birth IN ('-infinity', 'infinity') OR subscribed_at IN ('-infinity', 'infinity')
   OR last_interaction_at IN ('-infinity', 'infinity');
