"""What every transcriber keeps to: the bundled Whisper, and the fake that stands in for it elsewhere."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from faster_whisper import WhisperModel

from api_server.engine.base import SAMPLE_RATE, AudioContext, DecodeOptions, LoadOptions, Samples, Transcriber
from api_server.engine.fake import FakeTranscriber
from api_server.engine.whisper import WhisperTranscriber, load
from shared.audio import decode
from shared.errors import Cancelled
from shared.transcript import Segment, join_text
from tests import clips
from tests.clips import Clip

pytestmark = pytest.mark.slow
SPEECH = [clip for clip in clips.load() if clip.text]
QUIET = [clip for clip in clips.load() if not clip.text]
SWEDISH = DecodeOptions(language="sv", temperatures=(0.0,))
"""Higher temperatures draw at random."""
CONTEXTS: tuple[AudioContext, ...] = ("full", "verified", "short")

Hearing = Callable[[Clip], Transcriber]
"""A transcriber that hears what is said in a clip."""


class CountingTurn:
    """Lets everyone go on, until it is told not to."""

    def __init__(self, *, cancelled_at: int | None = None) -> None:
        self.asked = 0
        self.rested = 0
        self._cancelled_at = cancelled_at

    def next_window(self) -> None:
        self.asked += 1
        if self.asked == self._cancelled_at:
            raise Cancelled("The request was cancelled.")

    def rest(self) -> None:
        self.rested += 1


@pytest.fixture(scope="module")
def whisper() -> Iterator[WhisperTranscriber]:
    """The bundled model."""
    transcriber = load("bundled", LoadOptions(threads=2))
    yield transcriber
    transcriber.close()


@pytest.fixture(params=["fake", "whisper"])
def hearing(request: pytest.FixtureRequest) -> Hearing:
    """Each implementation in its turn."""
    if request.param == "whisper":
        transcriber = request.getfixturevalue("whisper")
        return lambda _clip: transcriber
    return lambda clip: FakeTranscriber(clip.text, language=clip.language)


@pytest.fixture
def any_hearing(hearing: Hearing) -> Transcriber:
    """Each implementation, whatever it hears."""
    return hearing(clips.clip("paus"))


def samples_of(clip: Clip) -> Samples:
    """Return what is in a clip."""
    return decode(clip.path, max_seconds=60).samples


def long(seconds: float = 70.0) -> Samples:
    """Return speech for several windows."""
    said = np.concatenate([samples_of(clip) for clip in SPEECH if clip.language == "sv"])
    return np.resize(said, round(seconds * SAMPLE_RATE))


def hear(transcriber: Transcriber, samples: Samples, options: DecodeOptions = SWEDISH) -> tuple[Segment, ...]:
    """Return all that is heard, never refused a turn."""
    return tuple(transcriber.decode(samples, options, CountingTurn()))


@pytest.mark.parametrize("clip", SPEECH, ids=lambda clip: clip.name)
@pytest.mark.parametrize("context", CONTEXTS)
def test_writes_what_is_said_however_much_padding_it_hears(hearing: Hearing, clip: Clip, context: AudioContext):
    """Full, verified and short windows give the reference text of every clip."""
    options = DecodeOptions(language=clip.language, audio_context=context)
    assert join_text(hear(hearing(clip), samples_of(clip), options)) == clip.text


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("words", [False, True])
def test_segments_count_from_zero_and_lie_in_order_within_the_recording(
    any_hearing: Transcriber, context: AudioContext, *, words: bool
):
    """Ids are 0, 1, 2…; starts and ends ascend and none is outside."""
    samples = long()
    options = replace(SWEDISH, audio_context=context, word_timestamps=words)
    segments = hear(any_hearing, samples, options)
    assert [segment.id for segment in segments] == list(range(len(segments)))
    assert len(segments) > 2
    assert all(0 <= one.start <= one.end <= samples.size / SAMPLE_RATE for one in segments)
    assert all(one.start <= other.start and one.end <= other.end for one, other in pairwise(segments))


@pytest.mark.parametrize("context", CONTEXTS)
def test_words_are_given_when_asked_for(hearing: Hearing, context: AudioContext):
    """They spell the segment's text, in order, each within the recording; without asking there are none."""
    clip = clips.clip("paus")
    samples = samples_of(clip)
    options = replace(SWEDISH, word_timestamps=True, audio_context=context)
    (*_, last) = segments = hear(hearing(clip), samples, options)
    words = [word for segment in segments for word in segment.words or ()]
    assert " ".join(word.word for word in words) == clip.text
    assert all(0 <= word.start <= word.end <= clip.duration and 0 <= word.probability <= 1 for word in words)
    assert all(one.start <= other.start for one, other in pairwise(words))
    assert words[-1].end > clip.duration / 2
    assert last.words is not None
    assert all(segment.words is None for segment in hear(hearing(clip), samples))


@pytest.mark.parametrize("clip", SPEECH, ids=lambda clip: clip.name)
def test_the_language_is_the_callers(hearing: Hearing, clip: Clip):
    """A language that was named is certain."""
    decoding = hearing(clip).decode(samples_of(clip), DecodeOptions(language=clip.language), CountingTurn())
    assert (decoding.language, decoding.language_probability) == (clip.language, 1.0)
    assert {segment.language for segment in decoding} == {clip.language}


@pytest.mark.parametrize("clip", SPEECH, ids=lambda clip: clip.name)
def test_the_language_is_heard_where_none_is_named(hearing: Hearing, clip: Clip):
    """Swedish and English are told apart, the text is the same as with the language named, and costs no more turns."""
    turn = CountingTurn()
    decoding = hearing(clip).decode(samples_of(clip), DecodeOptions(), turn)
    assert decoding.language == clip.language
    assert 0 < decoding.language_probability <= 1
    assert join_text(tuple(decoding)) == clip.text
    assert turn.asked == 1


@pytest.mark.parametrize("clip", QUIET, ids=lambda clip: clip.name)
@pytest.mark.parametrize("language", ["sv", None])
def test_silence_and_noise_give_no_text(hearing: Hearing, clip: Clip, language: str | None):
    """Nothing is invented where nobody speaks, and nothing is left after the filter."""
    decoding = hearing(clips.clip("paus")).decode(samples_of(clip), DecodeOptions(language=language), CountingTurn())
    assert tuple(decoding) == ()
    assert decoding.duration_after_vad == 0


def test_no_audio_gives_no_text(any_hearing: Transcriber):
    """An empty recording is not an error."""
    assert hear(any_hearing, np.zeros(0, np.float32)) == ()


def test_the_filter_says_how_much_it_left(hearing: Hearing):
    """Silence around speech is not counted, and all of it is where the filter is off."""
    clip = clips.clip("tid")
    pause = np.zeros(40 * SAMPLE_RATE, np.float32)
    samples = np.concatenate([samples_of(clip), pause])
    filtered = hearing(clip).decode(samples, SWEDISH, CountingTurn())
    unfiltered = hearing(clip).decode(samples, replace(SWEDISH, vad_filter=False), CountingTurn())
    assert filtered.duration_after_vad < unfiltered.duration_after_vad
    assert unfiltered.duration_after_vad == pytest.approx(samples.size / SAMPLE_RATE, abs=0.001)
    assert join_text(tuple(filtered)) == clip.text


@pytest.mark.parametrize("context", CONTEXTS)
def test_asks_for_every_window(any_hearing: Transcriber, context: AudioContext):
    """Seventy seconds are three windows at the least, and decoding begins with the first segment asked for."""
    turn = CountingTurn()
    decoding = any_hearing.decode(long(), replace(SWEDISH, audio_context=context), turn)
    assert turn.asked == 0
    assert len(list(decoding)) > 1
    assert turn.asked >= 3


@pytest.mark.parametrize("language", ["sv", None])
def test_asks_for_every_window_of_a_recording_that_repeats_itself(any_hearing: Transcriber, language: str | None):
    """Windows that are alike are windows still: else hours of silence would hold a lane and could not be stopped."""
    turn = CountingTurn()
    silence = np.zeros(100 * SAMPLE_RATE, np.float32)
    list(any_hearing.decode(silence, replace(SWEDISH, language=language, vad_filter=False, beam_size=1), turn))
    assert turn.asked >= 4


def test_a_cancel_stops_at_the_next_window(any_hearing: Transcriber):
    """What was decoded before it is given; nothing after it is decoded."""
    segments = []
    turn = CountingTurn(cancelled_at=2)
    with pytest.raises(Cancelled):
        segments.extend(any_hearing.decode(long(), SWEDISH, turn))
    assert turn.asked == 2
    assert all(segment.start < 31 for segment in segments)


@pytest.mark.parametrize("language", ["sv", None])
def test_a_cancel_before_the_first_window_leaves_nothing_to_hear(any_hearing: Transcriber, language: str | None):
    """Not even the language is listened for."""
    turn = CountingTurn(cancelled_at=1)
    with pytest.raises(Cancelled):
        list(any_hearing.decode(long(), DecodeOptions(language=language), turn))
    assert turn.asked == 1


def test_partials_are_as_many_as_the_recordings(hearing: Hearing):
    """One text for each, in their order, in one turn; the same for one as for many."""
    clip = clips.clip("tid")
    transcriber, turn = hearing(clip), CountingTurn()
    samples = samples_of(clip)
    texts = transcriber.decode_partials([samples, samples[:8000], samples], SWEDISH, turn)
    assert len(texts) == 3
    assert texts[0] == texts[2] == clip.text
    assert turn.asked == 1
    assert transcriber.decode_partials([samples], SWEDISH, CountingTurn()) == [clip.text]


def test_partials_stop_when_cancelled(any_hearing: Transcriber):
    """The turn comes first."""
    with pytest.raises(Cancelled):
        any_hearing.decode_partials([long(2)], SWEDISH, CountingTurn(cancelled_at=1))


def test_requests_at_the_same_time_do_not_mix(hearing: Hearing):
    """Options and windows belong to the request, not to the model."""
    barrier = threading.Barrier(len(SPEECH))

    def at_once(clip: Clip) -> str:
        samples = samples_of(clip)
        barrier.wait(30)
        options = DecodeOptions(language=clip.language, audio_context="verified", word_timestamps=True)
        return join_text(hear(hearing(clip), samples, options))

    with ThreadPoolExecutor(len(SPEECH)) as pool:
        assert list(pool.map(at_once, SPEECH)) == [clip.text for clip in SPEECH]


def test_long_hints_leave_room_for_partials(hearing: Hearing):
    """They hold for the unfinished text as well as for the final."""
    options = replace(SWEDISH, prompt="hej på dig " * 300, hotwords="torsdag " * 300)
    clip = clips.clip("tid")
    samples = samples_of(clip)
    assert len(hearing(clip).decode_partials([samples, samples], options, CountingTurn())) == 2


@pytest.mark.parametrize("context", CONTEXTS)
def test_long_hints_leave_room_for_the_text(hearing: Hearing, context: AudioContext):
    """The longest prompt and the longest hotwords together do not end the decode."""
    clip = clips.clip("tid")
    options = replace(SWEDISH, prompt="hej på dig " * 300, hotwords="torsdag " * 300, audio_context=context)
    assert all(segment.text for segment in hear(hearing(clip), samples_of(clip), options))


# --- what only the real one can be asked


LIKE_THE_LIBRARY = [
    SWEDISH,
    replace(SWEDISH, language=None),
    replace(SWEDISH, beam_size=1),
    replace(SWEDISH, word_timestamps=True),
    replace(SWEDISH, vad_filter=False),
    replace(SWEDISH, prompt="Samtal till kundtjänst.", hotwords="Storgatan Malmö"),
    replace(SWEDISH, task="translate"),
]


@pytest.mark.parametrize("options", LIKE_THE_LIBRARY, ids=range(len(LIKE_THE_LIBRARY)))
@pytest.mark.parametrize("seconds", [12.0, 50.0])
def test_full_windows_are_faster_whispers_own(whisper: WhisperTranscriber, options: DecodeOptions, seconds: float):
    """Text, times and figures are those of `WhisperModel.transcribe` with the same options."""
    samples = long(seconds)
    expected, info = WhisperModel.transcribe(
        whisper._model,
        samples,
        language=options.language,
        task=options.task,
        beam_size=options.beam_size,
        word_timestamps=options.word_timestamps,
        vad_filter=options.vad_filter,
        initial_prompt=options.prompt,
        hotwords=options.hotwords,
        temperature=list(options.temperatures),
    )
    decoding = whisper.decode(samples, options, CountingTurn())
    got = [(one.text, one.start, one.end, one.avg_logprob, len(one.words or ())) for one in decoding]
    assert got == [
        (
            one.text.strip(),
            round(one.start, 3),
            round(min(one.end, seconds), 3),  # the library may end a segment after the recording
            round(one.avg_logprob, 4),
            len(one.words or ()),
        )
        for one in expected
    ]
    assert decoding.language == info.language
    assert decoding.duration_after_vad == round(info.duration_after_vad, 3)


def test_partials_of_several_speakers_are_each_in_their_own_language(whisper: WhisperTranscriber):
    """Who is heard together does not speak one language: each window's prompt names its own."""
    spoken = [clips.clip(name) for name in ("adress", "appointment", "tid")]
    model = whisper._model
    real = model.model

    class Watched:
        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

        def generate(self, features: object, prompts: list[list[int]], **options: object) -> object:
            self.prompts = prompts
            return real.generate(features, prompts, **options)

    model.model = watched = Watched()
    try:
        texts = whisper.decode_partials([samples_of(one) for one in spoken], DecodeOptions(), CountingTurn())
    finally:
        model.model = real
    named = [model.hf_tokenizer.token_to_id(f"<|{one.language}|>") for one in spoken]
    assert [name in prompt for name, prompt in zip(named, watched.prompts, strict=True)] == [True] * 3
    assert texts == [one.text for one in spoken]


def test_every_language_that_the_model_names_can_be_asked_for(whisper: WhisperTranscriber):
    """The library names a hundred for any model; the ones without a token are left out."""
    samples = samples_of(clips.clip("tid"))[:SAMPLE_RATE]
    assert {"sv", "en", "fi"} <= set(whisper.info.languages)
    for language in whisper.info.languages:
        options = DecodeOptions(language=language, beam_size=1, temperatures=(0.0,), audio_context="short")
        hear(whisper, samples, options)


def test_verification_tells_how_each_short_window_fared():
    """One verdict for each, None where the text was believed."""
    verdicts: list[str | None] = []
    transcriber = load("bundled", LoadOptions(threads=2), verdicts.append)
    try:
        hear(transcriber, samples_of(clips.clip("tid")), replace(SWEDISH, audio_context="verified"))
        hear(transcriber, samples_of(clips.clip("tid")), replace(SWEDISH, audio_context="full"))
    finally:
        transcriber.close()
    assert verdicts == [None]
