"""The deals and what becomes of them: funnel, change of the pipeline, lists of deals, one deal's story, search."""
