"""Fixtures for the analyses."""

from tests.spark import spark

__all__ = ["spark"]
