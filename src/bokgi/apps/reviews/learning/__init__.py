"""The learning library: cases of wins and losses, found again when a deal of that kind comes up."""
