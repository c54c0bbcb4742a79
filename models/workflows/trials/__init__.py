"""Trying a workflow: what would happen to a contact, who would have entered, and test runs on a clock of their own.

They decide with the code of the engine. Nothing else in models/workflows needs them.
"""
