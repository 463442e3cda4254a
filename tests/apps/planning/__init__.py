"""Tests of the editors and of the KPI dictionary."""
