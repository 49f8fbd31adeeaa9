"""What the makers of the project use; no service imports it."""
