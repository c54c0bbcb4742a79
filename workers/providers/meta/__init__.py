"""The Marketing API: custom audiences."""
