"""Presidio with the Swedish shapes: no model, no download, no network. The only file that imports it."""

import re
from collections.abc import Iterable, Iterator, Sequence

from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
from spacy import blank

from batch_worker.pipeline.pii.hits import Hit
from batch_worker.pipeline.pii.patterns import SHAPES
from batch_worker.pipeline.pii.shape import Shape

THRESHOLD = 0.5
"""Score from which a hit counts, 0 to 1."""
_WITH_CONTEXT = 0.65
"""Least score of a hit with a context word nearby."""
_LANGUAGE = "sv"
_BEFORE, _AFTER = 7, 2
"""Words of context in front of and behind a hit."""
_FRONT = 60
"""Characters in front of a hit that its `after` and `unless` see, and its `around` behind it too."""


_SENTENCE_END = re.compile(r"[.!?](?=\s|$)")


class Words(NlpEngine):
    """The tokens of a blank pipeline, each its own lemma.

    Presidio compares context words with lemmas, which a blank pipeline leaves empty: no context word would ever
    match.
    """

    def __init__(self) -> None:
        """Make the pipeline, which reads nothing from disk."""
        self._pipeline = blank(_LANGUAGE)

    def load(self) -> None:
        """Load nothing."""

    def is_loaded(self) -> bool:
        """Return True."""
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """Return the tokens of a text."""
        document = self._pipeline(text)
        return NlpArtifacts(
            entities=[],
            tokens=document,
            tokens_indices=[word.idx for word in document],
            lemmas=[word.lower_ for word in document],
            nlp_engine=self,
            language=language,
        )

    def process_batch(
        self, texts: Iterable[str], language: str, batch_size: int = 1, n_process: int = 1, **_: object
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """Yield texts with their tokens; one after the other, whatever the sizes."""
        del batch_size, n_process
        return ((text, self.process_text(text, language)) for text in texts)

    def is_stopword(self, word: str, language: str) -> bool:
        """Return False: any word may be context."""
        del word, language
        return False

    def is_punct(self, word: str, language: str) -> bool:
        """Tell whether a token has neither letters nor digits."""
        del language
        return not any(sign.isalnum() for sign in word)

    def get_supported_entities(self) -> list[str]:
        """Return nothing: names are found elsewhere."""
        return []

    def get_supported_languages(self) -> list[str]:
        """Return the one code under which the shapes are registered."""
        return [_LANGUAGE]


class ShapeRecognizer(PatternRecognizer):
    """Recognizes one shape."""

    def __init__(self, shape: Shape, name: str) -> None:
        """Compile the shape; `name` tells recognizers of one type apart."""
        super().__init__(
            supported_entity=shape.type,
            name=name,
            supported_language=_LANGUAGE,
            patterns=[Pattern(name, shape.regex, shape.score)],
            context=list(shape.context),
            global_regex_flags=re.MULTILINE | (re.IGNORECASE if shape.ignore_case else 0),
        )
        self._shape = shape
        cues = (shape.after, shape.unless, shape.around)
        self._after, self._unless, self._around = (re.compile(cue, re.IGNORECASE) if cue else None for cue in cues)

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: NlpArtifacts | None = None,
        regex_flags: int | None = None,
    ) -> list[RecognizerResult]:
        """Return the hits that the text right in front of them allows, those that it announces lifted."""
        kept: list[RecognizerResult] = []
        for found in super().analyze(text, entities, nlp_artifacts, regex_flags):
            front = text[max(0, found.start - _FRONT) : found.start]
            if self._unless is not None and self._unless.search(front):
                continue
            around = _sentence(text, found.start, found.end)
            announced = self._after is not None and self._after.search(front)
            if announced or (self._around is not None and self._around.search(around)):
                found.score = max(found.score, _WITH_CONTEXT)
            kept.append(found)
        return kept

    def validate_result(self, pattern_text: str) -> bool | None:
        """Return what the shape's own check says."""
        return self._shape.valid(pattern_text)


def _sentence(text: str, start: int, end: int) -> str:
    """Return what stands around a place, at most `_FRONT` characters each way, no farther than its sentence."""
    front = _SENTENCE_END.split(text[max(0, start - _FRONT) : start])[-1]
    behind = _SENTENCE_END.split(text[end : end + _FRONT], maxsplit=1)[0]
    return front + text[start:end] + behind


class Presidio:
    """Finds the shapes in a text."""

    def __init__(self) -> None:
        """Build the engine, about 0.1 s."""
        recognizers = [ShapeRecognizer(shape, f"{shape.type} {index}") for index, shape in enumerate(SHAPES)]
        self._engine = AnalyzerEngine(
            registry=RecognizerRegistry(recognizers=recognizers, supported_languages=[_LANGUAGE]),
            nlp_engine=Words(),
            supported_languages=[_LANGUAGE],
            default_score_threshold=THRESHOLD,
            context_aware_enhancer=LemmaContextAwareEnhancer(
                context_prefix_count=_BEFORE,
                context_suffix_count=_AFTER,
                min_score_with_context_similarity=_WITH_CONTEXT,
            ),
        )

    def __call__(self, text: str, before: Sequence[str]) -> list[Hit]:
        """Return hits, which may overlap; `before` are words that came before the text."""
        results = self._engine.analyze(text, language=_LANGUAGE, context=list(before) or None)
        return [
            Hit(type=result.entity_type, start=result.start, end=result.end, score=min(1.0, float(result.score)))
            for result in results
        ]
