"""Tests of the fair comparison."""
