"""Tests of how data arrives."""
