"""Presidio with the Swedish shapes: no model, no download, no network. The only file that imports it."""

from collections.abc import Callable, Sequence
from typing import Any

from batch_worker.pipeline.pii.hits import Hit
from batch_worker.pipeline.pii.patterns import SHAPES, Shape
from shared.errors import StartupError

THRESHOLD = 0.5
"""Score from which a hit counts, 0 to 1."""
_LANGUAGE = "sv"
_BEFORE, _AFTER = 7, 2
"""Words of context in front of and behind a hit."""

Find = Callable[[str, Sequence[str]], list[Hit]]
"""Takes a text and words that came before it; returns hits, which may overlap."""


def analyzer() -> Find:
    """Return a function that finds the shapes, or raise `StartupError` where Presidio is missing.

    Presidio's context words are compared with lemmas, which a blank pipeline leaves empty: here the words
    themselves stand in for them.
    """
    try:
        from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer, RecognizerRegistry  # noqa: PLC0415
        from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer  # noqa: PLC0415
        from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine  # noqa: PLC0415
        from spacy import blank  # noqa: PLC0415
    except ImportError as error:
        raise StartupError(
            "FEATURE_PII needs the package presidio-analyzer. Run: pip install presidio-analyzer - or set FEATURE_PII=false."
        ) from error

    class Words(NlpEngine):  # type: ignore[misc] # the library has no types
        """Tokens of a blank pipeline, each its own lemma."""

        def __init__(self) -> None:
            self._pipeline = blank(_LANGUAGE)

        def load(self) -> None:
            """Nothing to load."""

        def is_loaded(self) -> bool:
            return True

        def process_text(self, text: str, language: str) -> NlpArtifacts:
            document = self._pipeline(text)
            return NlpArtifacts(
                entities=[],
                tokens=document,
                tokens_indices=[word.idx for word in document],
                lemmas=[word.lower_ for word in document],
                nlp_engine=self,
                language=language,
            )

        def process_batch(self, texts: Any, language: str, **_: Any) -> Any:  # noqa: ANN401 - as the base class has it
            return ((text, self.process_text(text, language)) for text in texts)

        def is_stopword(self, word: str, language: str) -> bool:  # noqa: ARG002 - as the base class has it
            return False

        def is_punct(self, word: str, language: str) -> bool:  # noqa: ARG002 - as the base class has it
            return not any(sign.isalnum() for sign in word)

        def get_supported_entities(self) -> list[str]:
            return []

        def get_supported_languages(self) -> list[str]:
            return [_LANGUAGE]

    class Recognizer(PatternRecognizer):  # type: ignore[misc] # the library has no types
        """One shape."""

        def __init__(self, shape: Shape, name: str) -> None:
            import re  # noqa: PLC0415 - only flags

            super().__init__(
                supported_entity=shape.type,
                name=name,
                supported_language=_LANGUAGE,
                patterns=[Pattern(name, shape.regex, shape.score)],
                context=list(shape.context),
                global_regex_flags=re.MULTILINE | (re.IGNORECASE if shape.ignore_case else 0),
            )
            self._shape = shape

        def validate_result(self, pattern_text: str) -> bool | None:
            return self._shape.valid(pattern_text)

    registry = RecognizerRegistry(
        recognizers=[Recognizer(shape, f"{shape.type} {index}") for index, shape in enumerate(SHAPES)],
        supported_languages=[_LANGUAGE],
    )
    engine = AnalyzerEngine(
        registry=registry,
        nlp_engine=Words(),
        supported_languages=[_LANGUAGE],
        default_score_threshold=THRESHOLD,
        context_aware_enhancer=LemmaContextAwareEnhancer(
            context_prefix_count=_BEFORE, context_suffix_count=_AFTER, min_score_with_context_similarity=0.65
        ),
    )

    def find(text: str, before: Sequence[str]) -> list[Hit]:
        results = engine.analyze(text, language=_LANGUAGE, context=list(before) or None)
        return [
            Hit(type=result.entity_type, start=result.start, end=result.end, score=min(1.0, float(result.score)))
            for result in results
        ]

    return find
