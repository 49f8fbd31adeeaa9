"""The page's pure modules, in the browser that runs them."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from shared import render
from shared.transcript import Segment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def modules(silent: Browser, api_server_url: str) -> Iterator[Page]:
    """A page on which modules can be imported."""
    page = silent.new_page()
    page.goto(api_server_url)
    yield page
    page.close()


def run(page: Page, module: str, body: str, argument: object = None) -> Any:  # noqa: ANN401 - as JavaScript has it
    """Return what `body` returns, a function's body in JavaScript that sees `module` and `argument`."""
    return page.evaluate(f"async (argument) => {{ const module = await import('/static/{module}'); {body} }}", argument)


# --- formats.js

LINES = [
    [],
    [(0.0, 1.5, "Hej.")],
    [
        (0.0, 1.5, " Hej  och\nhå. "),
        (1.5, 2.0, "  "),
        (59.9994, 3661.001, "A --> B & <i>c</i>"),
        (360000.0, 360001.5, "sen"),
    ],
    [(0.0004, 0.9996, "nära"), (7199.9999, 7200.0, "två timmar")],
]


@pytest.mark.parametrize("lines", LINES, ids=["none", "one", "odd ones", "roundings"])
@pytest.mark.parametrize(("form", "python"), [("text", render.text), ("srt", render.srt), ("vtt", render.vtt)])
def test_downloads_are_written_as_the_server_writes_them(
    modules: Page, lines: list[tuple[float, float, str]], form: str, python: Callable[[list[Segment]], str]
) -> None:
    """Byte for byte."""
    segments = [
        Segment(id=at, start=start, end=end, text=text, language="sv", avg_logprob=0.0, no_speech_prob=0.0,
                compression_ratio=1.0, temperature=0.0, confidence=1.0)
        for at, (start, end, text) in enumerate(lines)
    ]  # fmt: skip
    given = [{"start": start, "end": end, "text": text} for start, end, text in lines]
    assert run(modules, "formats.js", f"return module.{form}(argument)", given) == python(segments)


# --- sse.js

EVENTS = (
    ': hello\n\nevent: segment\ndata: {"text": "å"}\n\ndata: a\ndata: b\n\n'
    "event: progress\r\ndata: 1\r\n\r\nevent: lost\n\ndata:2\n\ndata: cut off"
)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_events_are_read_however_they_are_cut(modules: Page, size: int) -> None:
    """Names, several data lines, comments, both line endings; what is not complete is not there."""
    found = run(
        modules,
        "sse.js",
        """const parser = new module.EventParser();
        const { text, size } = argument;
        const found = [];
        for (let at = 0; at < text.length; at += size) found.push(...parser.push(text.slice(at, at + size)));
        return found.map(({ event, data }) => [event, data]);""",
        {"text": EVENTS, "size": size},
    )
    assert found == [["segment", '{"text": "å"}'], ["message", "a\nb"], ["progress", "1"], ["message", "2"]]


# --- backoff.js


def test_waits_double_up_to_a_limit_and_are_spread(modules: Page) -> None:
    """Half a second, doubling, ten at most; chance takes off up to half."""
    longest = run(modules, "backoff.js", "return [0, 1, 2, 3, 4, 5, 50].map((at) => module.delay(at, 1))")
    assert longest == [0.5, 1, 2, 4, 8, 10, 10]
    assert run(modules, "backoff.js", "return module.delay(3, 0)") == 2


# --- resample.js

RESAMPLE = """
const { rate, hertz, size } = argument;
const input = Float32Array.from({ length: rate }, (_, at) => Math.sin((2 * Math.PI * hertz * at) / rate));
const resampler = new module.Resampler(rate, 16000);
const out = [];
for (let at = 0; at < input.length; at += size) out.push(...resampler.push(input.subarray(at, at + size)));
return out;
"""


@pytest.mark.parametrize("rate", [44_100, 48_000, 22_050, 8_000, 96_000])
def test_speech_keeps_its_pitch_and_its_level(modules: Page, rate: int) -> None:
    """A tone of 1 kHz comes out as one of 1 kHz, in place, within 1 %; in blocks of any size the same."""
    made = np.array(run(modules, "resample.js", RESAMPLE, {"rate": rate, "hertz": 1000, "size": 128}))
    expected = np.sin(2 * np.pi * 1000 * np.arange(made.size) / 16_000)
    assert 15_900 < made.size <= 16_000
    assert np.abs(made - expected)[50:].max() < 0.01
    again = np.array(run(modules, "resample.js", RESAMPLE, {"rate": rate, "hertz": 1000, "size": 997}))
    assert np.array_equal(made, again[: made.size]) or np.array_equal(again, made[: again.size])


def test_what_16_khz_cannot_hold_does_not_come_back_as_something_else(modules: Page) -> None:
    """A tone of 11 kHz is gone, not folded to 5 kHz."""
    made = np.array(run(modules, "resample.js", RESAMPLE, {"rate": 48_000, "hertz": 11_000, "size": 128}))
    assert np.abs(made[50:]).max() < 0.01


def test_loud_samples_are_clipped_not_wrapped(modules: Page) -> None:
    """Beyond full scale stays at full scale."""
    made = run(modules, "resample.js", "return [...module.toInt16(Float32Array.of(-2, -1, 0, 0.5, 1, 2))]")
    assert made == [-32767, -32767, 0, 16384, 32767, 32767]


# --- level.js


def test_levels_are_told_in_words(modules: Page) -> None:
    """Digital silence, a room, speech, and too much of it."""
    body = """return argument.map((peak) => {
      const samples = Int16Array.from({ length: 512 }, (_, at) => (at % 2 ? peak : -peak));
      return module.judged(module.decibels(samples));
    })"""
    assert run(modules, "level.js", body, [0, 60, 3000, 32000]) == ["muted", "quiet", "good", "loud"]


# --- tape.js

TAPE = """
const tape = new module.Tape(2);
const second = (value) => new Int16Array(16000).fill(value);
const sent = () => {
  const all = [];
  for (let one; (one = tape.next()); ) all.push([one.data[0], one.data.length, one.lost]);
  return all;
};
"""


def test_sound_is_sent_once_and_again_after_a_break_behind_what_is_confirmed(modules: Page) -> None:
    """Nothing before the confirmed time goes out twice, everything behind it does."""
    body = (
        TAPE
        + """
    tape.append(second(1)); const first = sent();
    tape.append(second(2)); const second_ = sent();
    tape.confirm(1.25);
    const { start, lost } = tape.rewind();
    return { first, second_, start, lost, again: sent(), rest: tape.unconfirmed };
    """
    )
    assert run(modules, "tape.js", body) == {
        "first": [[1, 8000, 0], [1, 8000, 0]],
        "second_": [[2, 8000, 0], [2, 8000, 0]],
        "start": 1.25,
        "lost": 0,
        "again": [[2, 8000, 0], [2, 4000, 0]],
        "rest": 0.75,
    }


def test_sound_beyond_the_bound_is_forgotten_and_counted(modules: Page) -> None:
    """Five seconds on a tape of two: three are lost, and the times of the rest stay right."""
    body = (
        TAPE
        + """
    for (const value of [1, 2, 3, 4, 5]) tape.append(second(value));
    const { start, lost } = tape.rewind();
    return { start, lost, values: sent().map(([value]) => value), end: tape.end };
    """
    )
    assert run(modules, "tape.js", body) == {"start": 3, "lost": 3, "values": [4, 4, 5, 5], "end": 5}


def test_sound_that_was_not_sent_in_time_is_counted_while_connected(modules: Page) -> None:
    """A connection that does not take it loses the oldest, and says so with the next piece."""
    body = (
        TAPE
        + """
    tape.append(second(1)); tape.next();
    for (const value of [2, 3, 4]) tape.append(second(value));
    return sent();
    """
    )
    assert run(modules, "tape.js", body) == [[3, 8000, 1.5], [3, 8000, 0], [4, 8000, 0], [4, 8000, 0]]


# --- stream.js

ENDED, WAITING = "ended", "waiting"
STREAM = """
const { Tape } = await import("/static/tape.js");
const told = [];
const sockets = [];
const connect = () => {
  const socket = {
    readyState: 0, bufferedAmount: 0, sent: [],
    send(data) { this.sent.push(typeof data === "string" ? JSON.parse(data) : data.length / 16000); },
    close() { this.readyState = 3; },
    open() { this.readyState = 1; this.onopen(); },
    says(event) { this.onmessage({ data: JSON.stringify(event) }); },
    breaks() { this.readyState = 3; this.onclose(); },
  };
  sockets.push(socket);
  return socket;
};
const names = ["state", "ready", "partial", "final", "lost", "warning", "ended"];
const listener = Object.fromEntries(names.map((name) => [name, (...about) => told.push([name, ...about])]));
const heard = (name) => told.filter(([one]) => one === name).map(([, ...about]) => about);
const tape = new Tape(argument?.bound ?? 2);
const talk = (seconds) => { for (let at = 0; at < seconds; at++) tape.append(new Int16Array(16000)); stream.pump(); };
let now = 0;
const stream = new module.LiveStream({ connect, start: { language: "sv" }, audio: tape, listener, clock: () => now });
stream.begin();
const socket = () => sockets.at(-1);
const ready = { type: "ready", session_id: "x", model: "m", language: "sv", sample_rate: 16000 };
"""


def test_a_new_connection_goes_on_behind_the_last_final(modules: Page) -> None:
    """Times of the second connection are moved to those of the recording."""
    body = (
        STREAM
        + """
    socket().open(); socket().says(ready); talk(2);
    socket().says({ type: "speech_started", utterance: 0, start: 0.1 });
    socket().says({ type: "final", utterance: 0, start: 0.1, end: 0.5, text: "ett" });
    socket().says({ type: "speech_started", utterance: 1, start: 1.0 });
    socket().breaks(); stream.hurry();
    socket().open(); socket().says(ready);
    socket().says({ type: "speech_started", utterance: 0, start: 0.5 });
    socket().says({ type: "final", utterance: 0, start: 0.5, end: 1.0, text: "två" });
    stream.abort();
    return { first: sockets[0].sent, second: sockets[1].sent, lost: heard("lost"),
             finals: heard("final").map(([{ text, start, end }]) => [text, start, end]) };
    """
    )
    start = {"type": "start", "encoding": "pcm_s16le", "language": "sv"}
    assert run(modules, "stream.js", body) == {
        "first": [start, 0.5, 0.5, 0.5, 0.5],
        "second": [start, 0.5, 0.5, 0.5],
        "lost": [],
        "finals": [["ett", 0.1, 0.5], ["två", 1.0, 1.5]],
    }


def test_sound_of_a_long_break_is_lost_with_notice(modules: Page) -> None:
    """The listener is told how much, and where; the rest has its right times."""
    body = (
        STREAM
        + """
    socket().open(); socket().says(ready); talk(1); socket().breaks();
    talk(4); stream.hurry(); socket().open();
    socket().says({ type: "partial", utterance: 0, start: 0.25, end: 1, committed: "", tentative: "", lag: 0 });
    stream.abort();
    return { lost: heard("lost"), starts: heard("partial").map(([{ start }]) => start) };
    """
    )
    assert run(modules, "stream.js", body) == {"lost": [[0, 3]], "starts": [3.25]}


def test_a_loss_is_told_once_however_often_the_connection_breaks(modules: Page) -> None:
    """A second break, before the server has answered for anything, loses nothing more."""
    body = (
        STREAM
        + """
    socket().open(); talk(5); socket().breaks();
    for (let times = 0; times < 3; times++) { stream.hurry(); socket().open(); socket().breaks(); }
    stream.abort();
    return heard("lost");
    """
    )
    lost = run(modules, "stream.js", body)
    assert sum(seconds for _at, seconds in lost) == 3


def test_only_silence_that_the_server_has_heard_is_forgotten(modules: Page) -> None:
    """Behind a break all of it goes out again, until the server has had the time to find speech in it."""
    body = (
        STREAM
        + """
    const beats = () => new Promise((done) => setTimeout(done, 200));
    const again = () => {
      socket().breaks(); stream.hurry(); socket().open(); socket().says(ready);
      return socket().sent.slice(1).reduce((sum, seconds) => sum + seconds, 0);
    };
    socket().open(); socket().says(ready); talk(40);
    await beats(); const soon = again();
    now += 30; await beats(); const tooSoon = again();
    now += 61; await beats(); const later = again();
    stream.abort();
    return [soon, tooSoon, later];
    """
    )
    assert run(modules, "stream.js", body, {"bound": 60}) == [40, 40, 20]


def test_stop_waits_for_done(modules: Page) -> None:
    """`stop` goes out behind the last sound; the end is told once, without an error."""
    body = (
        STREAM
        + """
    socket().open(); socket().says(ready); talk(1);
    stream.stop();
    const sent = [...socket().sent];
    const early = heard("ended").length;
    socket().says({ type: "done" }); socket().breaks();
    return { last: sent.at(-1), early, ended: heard("ended") };
    """
    )
    assert run(modules, "stream.js", body) == {"last": {"type": "stop"}, "early": 0, "ended": [[None]]}


@pytest.mark.parametrize(
    ("code", "served", "outcome"),
    [
        ("too_many_sessions", False, ENDED),
        ("too_many_sessions", True, WAITING),
        ("unauthorized", False, ENDED),
        ("invalid_parameter", True, ENDED),
        ("internal", True, WAITING),
        ("internal", False, ENDED),
    ],
)
def test_a_refusal_ends_a_recording_only_where_waiting_does_not_help(
    modules: Page, code: str, *, served: bool, outcome: str
) -> None:
    """A server that is full when one comes back is asked again; one that says no is believed."""
    body = (
        STREAM
        + """
    socket().open();
    if (argument.served) socket().says(ready);
    socket().says({ type: "error", code: argument.code, message: "m", fatal: true });
    socket().breaks();
    const ended = heard("ended").map(([error]) => error.code);
    const [state] = heard("state").at(-1);
    stream.abort();
    return [ended, state];
    """
    )
    ended, state = run(modules, "stream.js", body, {"code": code, "served": served})
    assert ended == ([code] if outcome == ENDED else [])
    assert (state == "waiting") == (outcome == WAITING)


def test_sound_stays_on_the_tape_while_the_network_does_not_take_it(modules: Page) -> None:
    """The browser's buffer, which cannot be read back, is never filled far."""
    body = (
        STREAM
        + """
    socket().open(); socket().bufferedAmount = 10 ** 6; const before = socket().sent.length;
    talk(1); const held = socket().sent.length - before;
    socket().bufferedAmount = 0; stream.pump();
    const result = [held, socket().sent.length - before];
    stream.abort();
    return result;
    """
    )
    assert run(modules, "stream.js", body) == [0, 2]


def test_a_connection_that_has_died_without_a_word_is_given_up(modules: Page) -> None:
    """Bytes that wait for twenty seconds and no sign of the server: connect again."""
    body = (
        STREAM
        + """
    socket().open(); socket().says(ready); socket().bufferedAmount = 1000;
    now = 10; await new Promise((done) => setTimeout(done, 200)); const patient = heard("state").at(-1)[0];
    now = 31; await new Promise((done) => setTimeout(done, 200)); const gone = heard("state").at(-1)[0];
    stream.abort();
    return [patient, gone];
    """
    )
    assert run(modules, "stream.js", body) == ["open", "waiting"]


def test_a_rest_that_cannot_be_sent_is_told(modules: Page) -> None:
    """After the stop it is tried for half a minute, then the listener hears how much is missing."""
    body = (
        STREAM
        + """
    socket().open(); socket().says(ready); talk(1); socket().breaks();
    stream.stop(); const trying = heard("ended").length;
    now = 31; stream.hurry(); socket().breaks();
    return { trying, ended: heard("ended").map(([{ code, seconds }]) => [code, seconds]) };
    """
    )
    assert run(modules, "stream.js", body) == {"trying": 0, "ended": [["undelivered", 1]]}
