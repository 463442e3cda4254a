"""Today: what to look at this morning, for whoever leads and for whoever sells."""
