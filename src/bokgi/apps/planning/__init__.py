"""Editors of definitions, and the KPI dictionary."""
