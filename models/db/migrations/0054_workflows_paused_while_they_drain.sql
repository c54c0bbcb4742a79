-- A workflow that pauses while it drains lets nobody in, and drains on when it is resumed.
ALTER TABLE workflows ADD COLUMN drains boolean NOT NULL DEFAULT false;
