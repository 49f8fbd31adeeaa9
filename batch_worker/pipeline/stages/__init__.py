"""One stage per file; none knows another."""
