"""Hunts: a hypothesis and its queries in a markdown file, with what the queries gave pinned beside it."""
