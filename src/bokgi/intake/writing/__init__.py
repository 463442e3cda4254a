"""Writing: what an accepted row yields, table by table, and the files of the lake that hold it."""
