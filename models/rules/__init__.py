"""The rule language: its tree, checks, SQL and words. Pure; docs/rules.md defines each operator."""
