"""Writes of the meeting: planning, preparing, running, writing in it, closing. Each is one transaction."""
