"""Tests of the causes of a low result."""
