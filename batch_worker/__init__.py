"""Takes recordings as jobs and runs them through stages; loses nothing."""
