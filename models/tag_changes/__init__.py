"""A tag renamed, or taken away: in contacts, in the rules of segments, in scores, and in workflows."""
