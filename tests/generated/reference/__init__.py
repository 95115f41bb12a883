"""A small evaluator of KQL in plain Python. It shares no line with bluetick: what it knows is written here anew."""
