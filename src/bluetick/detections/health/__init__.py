"""Whether the service and its data are well: what is overdue, silent, empty, short, and who is told of it."""
