"""Bokgi (복기): replay last week's sales moves, find the one that decided it, learn."""

from __future__ import annotations

__version__ = "0.1.0"
