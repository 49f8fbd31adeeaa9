"""Which language a text is in: the identifiers, and what a segment takes from its neighbours."""
