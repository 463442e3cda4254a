"""The weekly meeting, commitments, feedback, learning."""
