"""Why an alert was raised: the source events behind its rows, what they were compared with, and what was measured."""
