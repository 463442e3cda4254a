"""Tests of what follows a meeting."""
