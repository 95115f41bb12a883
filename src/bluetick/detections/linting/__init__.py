"""What is right by the language and yet wrong in a detection: rules with stable ids, over the bound plan."""
