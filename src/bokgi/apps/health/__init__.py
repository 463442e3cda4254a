"""How the team stands, from all of the above."""
