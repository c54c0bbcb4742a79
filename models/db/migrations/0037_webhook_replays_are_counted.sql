-- How many replays of an endpoint are not finished: mostly none, and then nobody looks for them.
ALTER TABLE webhook_endpoints ADD COLUMN replays integer NOT NULL DEFAULT 0;
