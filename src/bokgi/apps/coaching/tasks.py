"""What the worker does for coaching."""
