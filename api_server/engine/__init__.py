"""The model, its lanes and its cache; the web layer knows `base` only."""
