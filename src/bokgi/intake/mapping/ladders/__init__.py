"""Ladders: which stages a pipeline has, in which order, and which of them end a deal."""
