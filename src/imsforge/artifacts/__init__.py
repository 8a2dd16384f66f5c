"""What stages hand on: the arrays of each file, and files that are whole or absent."""
