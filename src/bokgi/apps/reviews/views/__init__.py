"""Pages of the weekly review."""
