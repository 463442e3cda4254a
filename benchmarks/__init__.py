"""Measurements: speed against peers, and the study of the statistics on organisations with known truth."""
