"""Lists of words, written the way one reads them."""


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text in a row."""
    return tuple(text.split())
