"""Who spoke when, and what that makes of the words: pure values, and the child process that listens."""
