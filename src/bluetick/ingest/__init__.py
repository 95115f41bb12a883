"""Logs to rows of a lake: what a format's document says, the stream of records through it, and the account of all."""
