"""Tests of the screens of today."""
