"""English or Swedish: the sentences in the code are English, and `svenska.swedish` has each in Swedish."""

from collections.abc import Mapping
from typing import Literal

from svenska.swedish import SENTENCES

Language = Literal["en", "sv"]


def language_of(environ: Mapping[str, str]) -> Language:
    """Return the language of the locale: Swedish where it begins with `sv`, else English.

    The first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set decides (POSIX, "Internationalization Variables").
    """
    locale = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environ.get(name))), "")
    return "sv" if locale.lower().startswith("sv") else "en"


def translated(sentence: str, language: Language) -> str:
    """Return a sentence of the code in that language; one that nobody translated stays English."""
    return SENTENCES.get(sentence, sentence) if language == "sv" else sentence
