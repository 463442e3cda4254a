"""Tests of questions asked of a home."""
