"""Tests of the shape of the code: borders, messages, documents."""
