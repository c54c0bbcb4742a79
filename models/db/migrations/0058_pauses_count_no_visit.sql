-- Who is held by a pause after the limit of its node has let it pass is not asked by the limit again.
ALTER TABLE enrollments ADD COLUMN passed boolean NOT NULL DEFAULT false;

-- These have a message under way: they have passed.
UPDATE enrollments SET passed = true WHERE state = 'HELD' AND reason = 'PAUSED' AND message_id IS NOT NULL;
