"""What a log of no known format may mean: its fields, and a mapping that is proposed for them with its reasons."""
