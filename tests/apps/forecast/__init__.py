"""Tests of the forecast and of submissions."""
