"""Every figure of a page is the answer of a command."""
