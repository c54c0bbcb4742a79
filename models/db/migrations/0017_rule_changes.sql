-- Each move of a workspace's epoch, with what changed: a worker reads and compiles that again, and nothing else.
--
-- A row is written while its transaction holds the workspace's row of rule_epochs, to the commit. So the rows become visible in the
-- order of their epochs, and each names the epoch before it. A process with the rules of epoch `previous` finds in this row and the
-- later ones all that changed since. Where the chain does not begin there (old rows are deleted, a backup was restored), nothing is
-- known and everything is read.
CREATE TABLE rule_changes (
    workspace_id bigint NOT NULL,
    epoch        bigint NOT NULL,
    previous     bigint NOT NULL,
    segment_id   bigint, -- its rule, its build, or whether it exists; null: the custom fields or the time zone
    PRIMARY KEY (workspace_id, epoch)
);

ALTER TABLE rule_epochs ADD COLUMN previous bigint NOT NULL DEFAULT 0;

DROP TRIGGER segments_new_epoch ON segments;
DROP TRIGGER contact_fields_new_epoch ON contact_fields;
DROP TRIGGER workspaces_new_epoch ON workspaces;
DROP TRIGGER segment_builds_new_epoch ON segment_builds;

-- The argument says of which table the row is, and so in which columns the ids of workspace and segment are.
CREATE OR REPLACE FUNCTION muster_new_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed record;
    workspace bigint;
    segment bigint;
    new_epoch bigint := extract(epoch FROM clock_timestamp()) * 1000000;
    old_epoch bigint;
BEGIN
    IF TG_OP = 'DELETE' THEN changed := OLD; ELSE changed := NEW; END IF;
    IF TG_ARGV[0] = 'workspace' THEN
        workspace := changed.id;
    ELSE
        workspace := changed.workspace_id;
    END IF;
    IF TG_ARGV[0] = 'segment' THEN
        segment := changed.id;
    ELSIF TG_ARGV[0] = 'build' THEN
        segment := changed.segment_id;
    END IF;
    INSERT INTO rule_epochs AS known (workspace_id, epoch) VALUES (workspace, new_epoch)
    ON CONFLICT (workspace_id) DO UPDATE SET epoch = greatest(known.epoch + 1, excluded.epoch), previous = known.epoch
    RETURNING epoch, previous INTO new_epoch, old_epoch;
    INSERT INTO rule_changes (workspace_id, epoch, previous, segment_id) VALUES (workspace, new_epoch, old_epoch, segment);
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER segments_new_epoch AFTER INSERT OR DELETE
    OR UPDATE OF kind, rule, active_rule, rule_version, active_version, deleted_at ON segments
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION muster_new_epoch('segment');
CREATE CONSTRAINT TRIGGER contact_fields_new_epoch AFTER INSERT OR DELETE OR UPDATE OF key, type, choices, deleted_at ON contact_fields
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION muster_new_epoch('field');
CREATE CONSTRAINT TRIGGER workspaces_new_epoch AFTER UPDATE OF timezone ON workspaces
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION muster_new_epoch('workspace');
CREATE CONSTRAINT TRIGGER segment_builds_new_epoch AFTER INSERT OR DELETE OR UPDATE ON segment_builds
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION muster_new_epoch('build');
