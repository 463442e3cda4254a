"""Tests of Bokgi; the folders mirror src/bokgi."""
