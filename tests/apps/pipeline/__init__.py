"""Tests of the screens about deals."""
