"""What `bluetick check` finds, and the forms in which it is told."""
