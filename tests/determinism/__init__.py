"""What Kusto leaves open is fixed: the same rows on every run, thread count and arrangement of the input."""
