"""Adapters for language identification packages; each imports its package when it is made."""

import math
from collections.abc import Sequence
from typing import Protocol

from shared.errors import StartupError


class Identifier(Protocol):
    """Tells languages apart."""

    def identify(self, text: str) -> tuple[str, float]:
        """Return ISO 639-1 and a probability, 0 to 1; an empty language where the text tells nothing."""


class Py3langid:
    """`py3langid`, restricted to some languages; its own instance, as the package's own functions share one."""

    def __init__(self, languages: Sequence[str]) -> None:
        """Load the model that comes with the package (about 90 MB in memory)."""
        try:
            from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - only when it is on
        except ImportError as error:
            raise _missing("py3langid") from error
        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        try:
            self._identifier.set_languages(list(languages))
        except ValueError as error:
            raise _unknown(languages) from error

    def identify(self, text: str) -> tuple[str, float]:
        """Return the likeliest language."""
        language, probability = self._identifier.classify(text)
        return str(language), float(probability)


class Langdetect:
    """`langdetect`, made repeatable by a fixed seed; languages outside the list do not count."""

    def __init__(self, languages: Sequence[str]) -> None:
        """Load the package's profiles."""
        try:
            from langdetect import DetectorFactory  # noqa: PLC0415 - only when it is on
            from langdetect.detector_factory import PROFILES_DIRECTORY  # noqa: PLC0415
            from langdetect.lang_detect_exception import LangDetectException  # noqa: PLC0415
        except ImportError as error:
            raise _missing("langdetect") from error
        self._factory = DetectorFactory()
        self._factory.load_profile(PROFILES_DIRECTORY)
        self._factory.seed = 0
        self._nothing_found = LangDetectException
        if not set(languages) <= set(self._factory.get_lang_list()):
            raise _unknown(languages)
        self._prior = dict.fromkeys(languages, 1.0 / len(languages))

    def identify(self, text: str) -> tuple[str, float]:
        """Return the likeliest language."""
        detector = self._factory.create()
        detector.set_prior_map(self._prior)
        detector.append(text)
        try:
            best = detector.get_probabilities()
        except self._nothing_found:
            return "", 0.0
        return (str(best[0].lang), min(1.0, float(best[0].prob))) if best and math.isfinite(best[0].prob) else ("", 0.0)


def identifier(name: str, languages: Sequence[str]) -> Identifier:
    """Return the identifier of that name, or raise `StartupError` that says what would help."""
    if not languages:
        raise StartupError("LANGUAGES is empty. Name at least one ISO 639-1 code, such as LANGUAGES=sv,en.")
    if name == "py3langid":
        return Py3langid(languages)
    if name == "langdetect":
        return Langdetect(languages)
    raise StartupError(f"LANGUAGE_DETECTOR must be py3langid or langdetect, not {name!r}.")


def _missing(package: str) -> StartupError:
    return StartupError(
        f"FEATURE_LANG_DETECT needs the package {package}. Run: pip install {package} - "
        "or set FEATURE_LANG_DETECT=false."
    )


def _unknown(languages: Sequence[str]) -> StartupError:
    return StartupError(f"LANGUAGES holds a code that the language detector does not know: {', '.join(languages)}.")
