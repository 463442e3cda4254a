"""Tests of the app of data."""
