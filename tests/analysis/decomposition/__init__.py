"""Tests of the decompositions."""
