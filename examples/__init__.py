"""What can be tried out."""
