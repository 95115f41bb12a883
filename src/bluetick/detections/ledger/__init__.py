"""What the detection service has done and owes, in one SQLite file."""
