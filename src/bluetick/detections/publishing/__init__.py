"""What the service found, as tables of the lake that rules and people query."""
