"""Background work: what waits, what runs, what comes again by the clock. Tasks are idempotent."""
