"""How long is kept what is kept for a time only."""

from typing import Final

RETENTION_DAYS: Final = 90
"""Days for which source files, refused rows and the rows of undone imports stay unless it was set otherwise."""
