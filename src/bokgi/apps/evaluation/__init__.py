"""People and periods judged fairly, coaching."""
