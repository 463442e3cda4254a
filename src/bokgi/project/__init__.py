"""The web project: settings, addresses, sign-in; and how each of our processes collects garbage."""

from typing import Final

COLLECTION: Final = (200_000, 20, 100)
"""Thresholds of `gc.set_threshold`, for the command line, the server, the worker and the tests.

Building queries makes millions of small objects that die with the query. At the usual thresholds a quarter of an
answer's CPU seconds goes into looking for cycles among them; at these, some 30 MB more are held.
"""

TURN: Final = "db.lock"
"""File of a home, locked by who brings its database up to date."""
