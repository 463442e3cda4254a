"""Tests of run.py and of what it does before anything is installed."""
