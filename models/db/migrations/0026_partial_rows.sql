-- Rows that went in without all of their cells are in the report of their import.
ALTER TABLE import_refusals DROP CONSTRAINT import_refusals_outcome_check;
ALTER TABLE import_refusals ADD CONSTRAINT import_refusals_outcome_check CHECK (outcome IN ('SKIPPED', 'REJECTED', 'PARTIAL'));
