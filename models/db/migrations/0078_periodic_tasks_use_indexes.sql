-- Periodic tasks find their work among many workspaces without reading all of them.
CREATE INDEX membership_audits_audited_idx ON membership_audits (audited_at);
CREATE INDEX workflows_audited_idx ON workflows (audited_at NULLS FIRST) WHERE published_number IS NOT NULL;
CREATE INDEX membership_heads_tick_idx ON membership_heads (coalesce(calm_until, ticked_at)) WHERE ticked_at IS NOT NULL;
