-- New members that a scan finds are written as PRESENT before Meta is called: SCAN marks their range until it has answered.
ALTER TABLE audiences DROP CONSTRAINT audiences_in_flight_check;
ALTER TABLE audiences ADD CONSTRAINT audiences_in_flight_check CHECK (in_flight IN ('ADD', 'REMOVE', 'SCAN'));
