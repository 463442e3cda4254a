"""The vocabulary: money, period, stage, finding, errors, messages."""
