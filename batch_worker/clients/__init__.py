"""Other servers: the only place that speaks HTTP to them."""
