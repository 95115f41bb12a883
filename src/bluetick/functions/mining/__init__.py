"""Patterns of values in rows: what basket, autocluster and diffpatterns look for. Needs numpy, loaded when asked."""
