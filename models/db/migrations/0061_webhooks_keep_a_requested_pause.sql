-- An endpoint that asks for less is sent nothing until then but what a person tests, whatever else is due.
ALTER TABLE webhook_endpoints ADD COLUMN quiet_until timestamptz;
