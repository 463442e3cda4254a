"""Mapping: which file is what, which column is what, found by itself and shown before anything is written."""
