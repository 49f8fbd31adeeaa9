"""Second hearings: which passages, what of the answer belongs to them, whether it is better; pure but `excerpts`."""
