"""What happened: table schemas, writing, reading and checking the lake."""
