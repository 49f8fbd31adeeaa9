"""Who writes the sentences of each language."""

from collections.abc import Collection, Mapping
from typing import Final

from tools.bundled_model.clips import LANGUAGE_SHARES
from tools.bundled_model.text import Lexicon, Writer, load_lexicon, load_templates

LEXICON_SIZES: Final[Mapping[str, int]] = {"sv": 10_000, "en": 5_000}
"""How many frequent words a language that is transcribed has; one that is only recognized has 3,000."""

_ONLY_RECOGNIZED: Final = 3_000
_WORDFREQ_CODES: Final = {"no": "nb"}


def full_writers(held_out: Collection[str], template_share: float = 0.45) -> dict[str, Writer]:
    """Return a writer for each language, none of whom writes a held-out sentence."""
    return {language: _writer(language, held_out, template_share) for language in LANGUAGE_SHARES}


def small_writers(words: Lexicon, held_out: Collection[str]) -> dict[str, Writer]:
    """Return writers who share one small lexicon, for runs in miniature."""
    return {
        language: Writer(
            language=language,
            lexicon=words,
            templates=load_templates(language) if language in LEXICON_SIZES else (),
            held_out=held_out,
        )
        for language in LANGUAGE_SHARES
    }


def _writer(language: str, held_out: Collection[str], template_share: float) -> Writer:
    size = LEXICON_SIZES.get(language, _ONLY_RECOGNIZED)
    return Writer(
        language=language,
        lexicon=load_lexicon(_WORDFREQ_CODES.get(language, language), size),
        templates=load_templates(language) if language in LEXICON_SIZES else (),
        held_out=held_out,
        template_share=template_share,
    )
