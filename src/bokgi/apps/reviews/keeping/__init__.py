"""What became of what was agreed: commitments checked against the facts, kept rate, discussed deals."""
