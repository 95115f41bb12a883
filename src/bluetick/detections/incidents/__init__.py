"""Incidents: alerts that are worked on together, and what people decide about them."""
