"""The logs of a workspace: who entered and left its segments, and other events."""
