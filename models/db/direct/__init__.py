"""Reads of a workspace go straight to the node that holds it, past the coordinator of the cluster (ADR 138)."""
