"""Writes of evaluations. Each is one transaction, checks who may, and leaves a line in the audit trail."""
