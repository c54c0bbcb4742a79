"""The text form of rules: read, written, completed. Pure."""
