"""Shared screen parts: tables, charts, formats, components."""
