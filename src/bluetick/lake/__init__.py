"""Tables as Delta Lake: rows to commits of immutable files; a table's version and a time range to a list of files.

Knows Delta and Parquet, nothing of KQL but its types. A lake is a folder with one Delta table for each name.
"""
