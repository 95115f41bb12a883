"""What changed between two states of a folder of rules in git, and what that does to rows and alerts."""
