"""Coaching: the cause of a low result first, one or two agreed behaviours with a measure, 1:1s of two people."""
