"""What rows do not say themselves: where an address is, how common a file is."""
