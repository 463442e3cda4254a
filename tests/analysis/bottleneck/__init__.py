"""Tests of bottlenecks."""
