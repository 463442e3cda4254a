"""Changes of the tables of coaching."""
