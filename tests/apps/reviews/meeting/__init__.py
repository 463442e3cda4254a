"""The meeting: planned, prepared, run, closed, seen again."""
