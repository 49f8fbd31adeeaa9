"""The sentences of the command line in Swedish, by the English ones in the code."""

SENTENCES: dict[str, str] = {}
