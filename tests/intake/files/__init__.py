"""Tests of reading files into staged tables."""
