-- Header, footer and buttons of a template, for a preview; filled when the templates are fetched next.
ALTER TABLE message_templates ADD COLUMN look jsonb NOT NULL DEFAULT '{}';
