"""The shared screen parts."""
