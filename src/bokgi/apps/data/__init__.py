"""Imports, corrections, connections, data quality."""
