-- The row of rule_epochs is what every writer of a rule, of a field and of a build comes to: it is locked last of all, at the
-- commit. Locked in between, it made rings with the head of the log and with the rows of segments.

DROP TRIGGER segments_new_epoch ON segments;
DROP TRIGGER contact_fields_new_epoch ON contact_fields;
DROP TRIGGER workspaces_new_epoch ON workspaces;
DROP TRIGGER segment_builds_new_epoch ON segment_builds;

CREATE CONSTRAINT TRIGGER segments_new_epoch AFTER INSERT OR DELETE
    OR UPDATE OF kind, rule, rule_in_force, rule_version, force_version, deleted_at ON segments
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION muster_new_epoch();
CREATE CONSTRAINT TRIGGER contact_fields_new_epoch AFTER INSERT OR DELETE OR UPDATE OF key, type, choices, deleted_at ON contact_fields
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION muster_new_epoch();
CREATE CONSTRAINT TRIGGER workspaces_new_epoch AFTER UPDATE OF timezone ON workspaces
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION muster_new_epoch();
CREATE CONSTRAINT TRIGGER segment_builds_new_epoch AFTER INSERT OR DELETE OR UPDATE ON segment_builds
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION muster_new_epoch();
