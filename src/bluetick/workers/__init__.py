"""Queries in processes of their own: what one of them can reach is its own process, and that can be killed."""
