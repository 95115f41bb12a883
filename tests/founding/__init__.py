"""The founding documents, held to a computation that shares no code with the project."""
