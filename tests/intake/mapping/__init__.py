"""Tests of which file and which column is what."""
