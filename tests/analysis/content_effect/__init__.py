"""Tests of the effect of content."""
