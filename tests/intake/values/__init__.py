"""Tests of reading text columns as typed values."""
