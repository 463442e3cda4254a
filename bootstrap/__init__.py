"""Setting Bokgi up, with the standard library only: interpreter, environment, jobs."""
