"""What the rules of a workspace can name, read from the database, and the values to suggest for it."""
