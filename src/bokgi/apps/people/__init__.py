"""People: how results compare with what was to be expected of the same hand, and one person's year."""
