"""What a stream promises."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_server.streaming.session import StreamSession
from api_server.streaming.values import DecodeRequest, Drop, Heard, Hypothesis, StreamOptions
from shared.errors import Busy, InvalidRequest
from shared.events import Final, Partial, SpeechStarted, StreamDone, StreamError
from tests.unit.api_server.streaming.simulation import DELAYS, GAPS, OPTIONS, Simulation, speech

USUAL = StreamOptions()


def _heard(frames: int, *, speaking: bool) -> Heard:
    level = 0.5 if speaking else 0.0
    return Heard(pcm=np.full(frames * 512, level, dtype=np.float32), speech=(0.9 if speaking else 0.1,) * frames)


def _exact(value: float) -> int:
    assert value * 16_000 == pytest.approx(round(value * 16_000), abs=1e-6)
    return round(value * 16_000)


def _check_accounts(simulation: Simulation, size: int) -> StreamDone:
    done = simulation.outputs[-1]
    assert isinstance(done, StreamDone)
    parts = [_exact(part) for part in (done.audio_decoded, done.audio_silence, done.dropped)]
    assert _exact(done.audio_received) == sum(parts) == size
    return done


def _check_order(simulation: Simulation) -> None:
    started = [one.utterance for one in simulation.events(SpeechStarted)]  # type: ignore[union-attr]
    assert [final.utterance for final in simulation.finals] == started == list(range(len(started)))
    open_now: set[int] = set()
    for output in simulation.outputs:
        if isinstance(output, SpeechStarted):
            open_now.add(output.utterance)
        elif isinstance(output, Partial):
            assert output.utterance in open_now
        elif isinstance(output, Final):
            open_now.remove(output.utterance)


def _check_committed(simulation: Simulation) -> None:
    committed: dict[int, str] = {}
    for output in simulation.outputs:
        if isinstance(output, Partial):
            assert output.committed.startswith(committed.get(output.utterance, ""))
            committed[output.utterance] = output.committed


@settings(max_examples=150, deadline=None)
@given(GAPS, OPTIONS, DELAYS, st.sampled_from([160, 1_000, 1_600, 16_000]), st.booleans())
def test_every_word_is_heard_once_and_in_order(
    gaps: list[float],
    options: StreamOptions,
    delays: list[float],
    chunk: int,
    mumbles: bool,  # noqa: FBT001 - drawn
):
    """However slow the decoder, long the utterance and odd the chunks: nothing lost, nothing doubled."""
    audio = speech(gaps)
    simulation = Simulation(options, delays=delays, mumbles=mumbles).play(audio, chunk=chunk)
    assert simulation.heard == list(range(len(gaps)))
    _check_order(simulation)
    _check_committed(simulation)
    done = _check_accounts(simulation, audio.size)
    assert done.dropped == 0.0
    assert done.utterances == len(simulation.finals)


@settings(max_examples=80, deadline=None)
@given(GAPS, OPTIONS, DELAYS, st.frozensets(st.integers(0, 60)))
def test_a_decoder_that_fails_is_told_of_and_counted(
    gaps: list[float], options: StreamOptions, delays: list[float], failing: frozenset[int]
):
    """Every utterance still gets its final, and audio is dropped only where an error said so."""
    audio = speech(gaps)
    simulation = Simulation(options, delays=delays, failing=failing).play(audio)
    _check_order(simulation)
    done = _check_accounts(simulation, audio.size)
    errors = simulation.events(StreamError)
    assert bool(errors) == (done.dropped > 0)
    assert sorted(set(simulation.heard)) == simulation.heard


@settings(max_examples=80, deadline=None)
@given(GAPS, OPTIONS, DELAYS, st.lists(st.integers(0, 400_000), max_size=8))
def test_flushing_anywhere_loses_no_whole_word_and_keeps_the_accounts(
    gaps: list[float], options: StreamOptions, delays: list[float], flushes: list[int]
):
    """A flush inside a word may split it, but never more than that."""
    audio = speech(gaps)
    simulation = Simulation(options, delays=delays).play(audio, flush_at=flushes)
    _check_order(simulation)
    _check_accounts(simulation, audio.size)
    assert simulation.heard == sorted(simulation.heard)
    assert len(simulation.heard) - len(set(simulation.heard)) <= len(flushes)


@settings(max_examples=60, deadline=None)
@given(GAPS, OPTIONS, DELAYS)
def test_no_window_is_longer_than_the_decoder_takes_at_once(
    gaps: list[float], options: StreamOptions, delays: list[float]
):
    """The longest utterance, its grace and one second of what came with it."""
    simulation = Simulation(options, delays=delays).play(speech(gaps))
    longest = options.max_utterance_seconds + options.grace_seconds + 1.0
    assert all(request.audio.size <= longest * 16_000 for request in simulation.requests.values())


def test_the_final_is_decoded_during_the_endpoint_silence():
    """The decode that began at the pause is the one that is used, so the final costs no more time."""
    simulation = Simulation(USUAL, delays=[0.3]).play(speech([0.5] + [0.1] * 5 + [3.0]), chunk=512)
    first = simulation.finals[0]
    assert first.latency == 0.0
    finals = [request for request in simulation.requests.values() if request.kind == "final"]
    assert len(finals) == len(simulation.finals)


def test_the_early_decode_is_dropped_when_speech_goes_on():
    """A pause for thought is no end."""
    simulation = Simulation(replace(USUAL, partials=False), delays=[0.5]).play(speech([0.5, 0.4]))
    assert len(simulation.events(Drop)) == 1
    assert len(simulation.finals) == 1
    assert simulation.heard == [0, 1]


def test_latency_counts_from_when_the_utterance_was_known_to_be_over():
    """A decode of 2 s that begins 0.2 s into a pause of 0.6 s is 1.6 s late."""
    simulation = Simulation(replace(USUAL, partials=False), delays=[2.0]).play(speech([0.5, 5.0]), chunk=512)
    assert simulation.finals[0].latency == pytest.approx(1.6, abs=0.05)


def test_a_slow_server_sends_fewer_partials_and_not_later_ones():
    """One request at a time: with decodes of 2 s, partials lag by that and not by more and more."""
    audio = speech([0.1] * 30)
    options = replace(USUAL, max_utterance_seconds=60.0)
    quick = Simulation(options, delays=[0.1]).play(audio)
    slow = Simulation(options, delays=[2.0]).play(audio)
    lags = [partial.lag for partial in slow.events(Partial)]  # type: ignore[union-attr]
    assert 0 < len(lags) < len(quick.events(Partial)) / 2
    assert max(lags) <= 2.1


def test_a_request_that_waits_gives_its_place_to_newer_audio():
    """Until the decoder begins with it; after that it is left alone."""
    session = StreamSession(USUAL)
    (_started, first) = session.feed(_heard(20, speaking=True), 0.0)
    (drop, second) = session.feed(_heard(20, speaking=True), 0.0)
    assert isinstance(first, DecodeRequest)
    assert isinstance(second, DecodeRequest)
    assert drop == Drop(number=first.number)
    assert second.audio.size > first.audio.size
    session.started(second.number)
    assert session.feed(_heard(20, speaking=True), 0.0) == ()
    assert session.decoded(first.number, Hypothesis(text="gammalt"), 0.0) == ()


def test_partials_commit_what_two_decodes_agree_on():
    """Committed solid, tentative faint."""
    session = StreamSession(USUAL)
    requests = [output for output in session.feed(_heard(20, speaking=True), 0.0) if isinstance(output, DecodeRequest)]
    session.started(requests[0].number)
    first = session.decoded(requests[0].number, Hypothesis(text="hej jag"), 0.0)[0]
    request = next(one for one in session.feed(_heard(20, speaking=True), 0.0) if isinstance(one, DecodeRequest))
    second = session.decoded(request.number, Hypothesis(text="Hej, jag heter"), 0.0)[0]
    assert isinstance(first, Partial)
    assert isinstance(second, Partial)
    assert (first.committed, first.tentative) == ("", "hej jag")
    assert (second.committed, second.tentative) == ("Hej, jag", " heter")
    assert second.lag == 0.0
    assert second.end == pytest.approx(40 * 0.032)


def test_no_partials_are_asked_for_when_nobody_wants_them():
    """Finals only."""
    simulation = Simulation(replace(USUAL, partials=False)).play(speech([0.1] * 10))
    assert {request.kind for request in simulation.requests.values()} == {"final"}
    assert not simulation.events(Partial)


@pytest.mark.parametrize("wanted", [True, False])
def test_finals_carry_words_when_asked_for(wanted: bool):  # noqa: FBT001 - a table of two
    """With times from the start of the stream, whether the utterance was cut or not."""
    options = replace(USUAL, word_timestamps=wanted, max_utterance_seconds=3.0)
    simulation = Simulation(options).play(speech([1.0] + [0.1] * 20))
    for final in simulation.finals:
        assert (final.words is not None) == wanted
        for word in final.words or []:
            place = 1.0 + int(word.word[3:]) * 0.42
            assert word.start == pytest.approx(place, abs=0.01)
            assert final.start - 0.05 <= word.start < word.end <= final.end + 0.05


def test_a_long_utterance_is_cut_between_two_words():
    """The next one begins where it ends, and the decode that found the place is the final."""
    simulation = Simulation(replace(USUAL, max_utterance_seconds=3.0), delays=[0.2]).play(speech([0.1] * 20))
    finals = simulation.finals
    assert len(finals) > 2
    assert simulation.heard == list(range(20))
    for final, following in pairwise(finals):
        assert final.end == following.start
        assert final.end - final.start <= 3.5


def test_a_decoder_that_hangs_does_not_let_an_utterance_grow():
    """After the grace the quietest place is taken, without asking anybody."""
    simulation = Simulation(replace(USUAL, max_utterance_seconds=3.0, grace_seconds=1.0), delays=[500.0])
    simulation.play(speech([0.1] * 40))
    assert simulation.heard == list(range(40))
    assert max(final.end - final.start for final in simulation.finals) <= 4.1


def test_five_minutes_of_silence_say_nothing_and_take_no_memory():
    """Silence is counted and let go."""
    session = StreamSession(USUAL)
    for number in range(300):
        assert session.feed(_heard(31, speaking=False), float(number)) == ()
    assert session.nbytes <= 4 * 16_000 * 4
    (done,) = session.stop(300.0)
    assert isinstance(done, StreamDone)
    assert done.audio_silence == done.audio_received == done.duration
    assert done.utterances == 0


def test_flush_answers_at_once_and_speech_goes_on_as_a_new_utterance():
    """No silence is waited for."""
    session = StreamSession(USUAL)
    session.feed(_heard(20, speaking=True), 0.0)
    step = session.flush(1.0)
    request = next(output for output in step if isinstance(output, DecodeRequest))
    (final,) = session.decoded(request.number, Hypothesis(text="hej"), 1.2)
    assert isinstance(final, Final)
    assert final.latency == pytest.approx(0.2)
    started = session.feed(_heard(20, speaking=True), 2.0)[0]
    assert isinstance(started, SpeechStarted)
    assert started.utterance == 1
    assert started.start == pytest.approx(20 * 0.032)


def test_flush_in_silence_says_nothing():
    """There is no utterance to end."""
    session = StreamSession(USUAL)
    session.feed(_heard(20, speaking=False), 0.0)
    assert session.flush(1.0) == ()


def test_finals_wait_for_their_turn():
    """An utterance that is decoded sooner than the one before it is told after it."""
    session = StreamSession(USUAL)
    requests = []
    for _ in range(2):
        session.feed(_heard(10, speaking=True), 0.0)
        requests += [one.number for one in session.flush(0.0) if isinstance(one, DecodeRequest)]
    assert session.decoded(requests[1], Hypothesis(text="två"), 1.0) == ()
    finals = session.decoded(requests[0], Hypothesis(text="ett"), 2.0)
    assert [final.text for final in finals if isinstance(final, Final)] == ["ett", "två"]


def test_a_final_that_fails_is_empty_behind_its_error():
    """Told, counted as dropped, and not fatal."""
    session = StreamSession(USUAL)
    session.feed(_heard(10, speaking=True), 0.0)
    request = next(one for one in session.stop(0.0) if isinstance(one, DecodeRequest))
    error, final, done = session.failed(request.number, Busy("Full."), 1.0)
    assert error == StreamError(code="busy", message="Full.", fatal=False)
    assert isinstance(final, Final)
    assert final.text == ""
    assert isinstance(done, StreamDone)
    assert done.dropped == done.audio_received == pytest.approx(0.32)
    assert session.finished


def test_backlog_is_the_audio_that_waits_for_its_final():
    """Who feeds faster than the decoder works can see it and wait."""
    session = StreamSession(USUAL)
    session.feed(_heard(50, speaking=True), 0.0)
    assert session.backlog == 0.0
    request = next(one for one in session.flush(0.0) if isinstance(one, DecodeRequest))
    assert session.backlog == pytest.approx(1.6)
    session.decoded(request.number, Hypothesis(text=""), 0.0)
    assert session.backlog == 0.0


def test_audio_after_stop_is_refused():
    """Nothing is dropped in silence."""
    session = StreamSession(USUAL)
    session.stop(0.0)
    with pytest.raises(InvalidRequest):
        session.feed(_heard(1, speaking=False), 0.0)
