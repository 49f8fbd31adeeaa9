"""One stream from audio to finals, as a state machine: audio and decodes in, events and decode requests out.

It owns no socket, clock or thread: `now` is any clock in seconds that does not go back. Audio falls into
utterances and silence; each sample that came in belongs to exactly one of them, so that in the end
`audio_received = audio_decoded + audio_silence + dropped`.
"""

import itertools
from collections import deque
from typing import Literal

from api_server.streaming.agreement import Agreement
from api_server.streaming.cut import gap, quietest, words_before_cut
from api_server.streaming.tape import Tape
from api_server.streaming.utterance import Asked, Closing, Early, Utterance
from api_server.streaming.vad import SpeechDetector
from api_server.streaming.values import (
    FRAME,
    DecodeRequest,
    Drop,
    Heard,
    Hypothesis,
    StreamOptions,
    samples,
    seconds,
)
from shared.errors import InvalidRequest, SvenskaError
from shared.events import Final, Partial, SpeechStarted, StreamDone, StreamError, WordTime

Event = SpeechStarted | Partial | Final | StreamError | StreamDone
Output = Event | DecodeRequest | Drop
Step = tuple[Output, ...]
"""What a session wants done, in this order."""


class StreamSession:
    """The state of one stream; every method returns what is to be sent and decoded now."""

    def __init__(self, options: StreamOptions) -> None:
        """Begin at 0 s, in silence."""
        self._options = options
        self._detector = SpeechDetector()
        self._tape = Tape()
        self._open: Utterance | None = None
        self._closing: deque[Closing] = deque()
        self._numbers = itertools.count()
        self._utterances = 0
        self._decoded = self._silence = self._dropped = 0
        self._stopping = False
        self._now = 0.0
        self._out: list[Output] = []
        self.finished = False
        """True once `done` has been returned."""

    @property
    def received(self) -> float:
        """Seconds of audio fed."""
        return seconds(self._tape.end)

    @property
    def backlog(self) -> float:
        """Seconds of audio whose final is still to come; who feeds faster than real time waits while this is much."""
        return seconds(sum(closing.samples for closing in self._closing if closing.answer is None))

    @property
    def cutting(self) -> bool:
        """Whether the decoder is being asked where to cut; audio that can wait should."""
        return self._open is not None and self._open.cutting is not None

    @property
    def nbytes(self) -> int:
        """Memory that the audio takes."""
        return self._tape.nbytes

    def feed(self, heard: Heard, now: float) -> Step:
        """Take audio that arrived at `now`; raises `InvalidRequest` after `stop`."""
        if self._stopping:
            raise InvalidRequest("Audio came after `stop`.")
        self._now = now
        for number, probability in enumerate(heard.speech):
            frame = heard.pcm[number * FRAME : (number + 1) * FRAME]
            self._tape.append(frame)
            self._detector.advance(probability, frame.size)
            self._follow()
        self._ask_partial()
        return self._take()

    def started(self, number: int) -> None:
        """Take note that the decoder has begun with a request: newer audio cannot take its place any more."""
        if self._open is not None and self._open.asked is not None and self._open.asked.number == number:
            self._open.asked.started = True

    def decoded(self, number: int, hypothesis: Hypothesis, now: float) -> Step:
        """Take the answer to a request; one that was dropped is ignored."""
        self._now = now
        self._answer(number, hypothesis)
        self._ask_partial()
        return self._take()

    def failed(self, number: int, error: SvenskaError, now: float) -> Step:
        """Take note that a request cannot be answered.

        A final that cannot be made is sent empty behind an `error` event, and its audio counts as dropped.
        """
        self._now = now
        self._answer(number, error)
        return self._take()

    def flush(self, now: float) -> Step:
        """End the utterance now, wherever it is."""
        self._now = now
        if self._open is not None:
            self._close(self._open)
        return self._take()

    def stop(self, now: float) -> Step:
        """End the stream: `done` follows once every final is out."""
        self._stopping = True
        return self.flush(now)

    # --- audio

    def _follow(self) -> None:
        if self._open is None and self._detector.speaking:
            self._begin(self._detector.onset)
        if self._open is None:
            kept = self._detector.onset - samples(self._options.pre_roll)
            self._silence += self._tape.forget(kept)
        elif self._detector.pause:
            self._pause(self._open)
        else:
            self._resume(self._open)

    def _begin(self, onset: int) -> None:
        start = max(onset, self._tape.begin)
        self._silence += self._tape.forget(start - samples(self._options.pre_roll))
        self._open_at(start, self._tape.begin, Agreement())

    def _open_at(self, start: int, window: int, agreement: Agreement) -> None:
        self._open = Utterance(number=self._utterances, start=start, window=window, covered=start, agreement=agreement)
        self._utterances += 1
        self._out.append(SpeechStarted(utterance=self._open.number, start=seconds(start)))

    def _resume(self, utterance: Utterance) -> None:
        if utterance.early is not None:
            self._drop(utterance.early)
            utterance.early = None
        self._limit(utterance)

    def _pause(self, utterance: Utterance) -> None:
        length = self._tape.end - utterance.window
        pause = self._detector.pause
        settled = pause >= samples(self._options.early_silence)
        if pause >= samples(self._options.endpoint_silence) or (settled and length >= self._longest):
            self._close(utterance)
        elif settled and utterance.early is None:
            self._drop(utterance.asked)
            utterance.asked = None
            number = self._request(utterance, self._tape.end, words=self._options.word_timestamps)
            utterance.early = Early(number=number, until=self._tape.end)

    # --- utterances that are too long

    @property
    def _longest(self) -> int:
        return samples(self._options.max_utterance_seconds)

    def _limit(self, utterance: Utterance) -> None:
        length = self._tape.end - utterance.window
        if length >= self._longest + samples(self._options.grace_seconds):
            self._drop(utterance.cutting)
            self._cut_blindly(utterance)
        elif length >= self._longest and utterance.cutting is None:
            number = self._request(utterance, self._tape.end, words=True)
            utterance.cutting = Early(number=number, until=self._tape.end)

    def _cut_by(self, utterance: Utterance, answer: Hypothesis) -> None:
        words = answer.words
        utterance.agreement.update(_tokens(answer))
        count = words_before_cut(
            words,
            committed=utterance.agreement.words,
            earliest=seconds(utterance.window) + self._options.max_utterance_seconds / 2,
            latest=seconds(self._tape.end),
        )
        if not count:
            self._cut_blindly(utterance)
            return
        low, high = (samples(time) for time in gap(words[count - 1], words[count]))
        left = Hypothesis(
            text=" ".join(word.word for word in words[:count]),
            language=answer.language,
            confidence=answer.confidence,
            words=words[:count],
        )
        rest = Agreement(expected=[word.word for word in words[count:]])
        self._cut(utterance, self._quietest(utterance, low, high), answer=left, rest=rest)

    def _cut_blindly(self, utterance: Utterance) -> None:
        low = self._tape.end - samples(self._options.grace_seconds)
        self._cut(utterance, self._quietest(utterance, low, self._tape.end), answer=None, rest=Agreement())

    def _quietest(self, utterance: Utterance, low: int, high: int) -> int:
        first, last = utterance.window + 1, self._tape.end
        low, high = min(max(low, first), last), min(max(high, first), last)
        return low + quietest(self._tape.view(low, high)) if low < high else low

    def _cut(self, utterance: Utterance, at: int, *, answer: Hypothesis | None, rest: Agreement) -> None:
        number = -1 if answer is not None else self._request(utterance, at, words=self._options.word_timestamps)
        self._drop(utterance.asked)
        self._leave(utterance, request=number, end=at, until=at, answer=answer)
        self._open_at(at, at, rest)
        self._send_finals()

    # --- ends

    def _close(self, utterance: Utterance) -> None:
        self._drop(utterance.asked)
        self._drop(utterance.cutting)
        end = self._tape.end - self._detector.pause
        early = utterance.early
        if early is not None and not early.failed:
            self._leave(utterance, request=early.number, end=end, until=early.until, answer=early.hypothesis)
        else:
            # The end of the silence may already hold the first sound of what follows.
            tail = min(self._options.early_silence, self._options.endpoint_silence / 2)
            until = min(self._tape.end, end + samples(tail))
            number = self._request(utterance, until, words=self._options.word_timestamps)
            self._leave(utterance, request=number, end=end, until=until, answer=None)
        self._detector.reset()
        self._open = None
        self._send_finals()

    def _leave(self, utterance: Utterance, *, request: int, end: int, until: int, answer: Hypothesis | None) -> None:
        closing = Closing(
            number=utterance.number,
            request=request,
            start=utterance.start,
            end=end,
            samples=until - utterance.window,
            closed_at=self._now,
            answer=answer,
        )
        self._closing.append(closing)
        self._tape.forget(until)

    # --- answers

    def _answer(self, number: int, answer: Hypothesis | SvenskaError) -> None:
        closing = next((one for one in self._closing if one.request == number), None)
        if closing is not None:
            closing.answer = answer
            self._send_finals()
        elif self._open is not None:
            self._answer_open(self._open, number, answer)

    def _answer_open(self, utterance: Utterance, number: int, answer: Hypothesis | SvenskaError) -> None:
        failed = isinstance(answer, SvenskaError)
        if (early := utterance.early) is not None and early.number == number:
            early.failed = failed
            if not isinstance(answer, SvenskaError):
                early.hypothesis = answer
                self._show(utterance, answer, early.until)
        elif utterance.cutting is not None and utterance.cutting.number == number:
            if isinstance(answer, SvenskaError):
                self._cut_blindly(utterance)
            else:
                self._cut_by(utterance, answer)
        elif (asked := utterance.asked) is not None and asked.number == number:
            utterance.asked = None
            if not isinstance(answer, SvenskaError):
                self._show(utterance, answer, asked.until)

    def _show(self, utterance: Utterance, hypothesis: Hypothesis, until: int) -> None:
        agreed = utterance.agreement.update(_tokens(hypothesis))
        if self._options.partials and (agreed.committed or agreed.tentative):
            partial = Partial(
                utterance=utterance.number,
                start=seconds(utterance.start),
                end=seconds(until),
                committed=agreed.committed,
                tentative=agreed.tentative,
                lag=seconds(self._tape.end - until),
            )
            self._out.append(partial)

    def _send_finals(self) -> None:
        while self._closing and self._closing[0].answer is not None:
            self._send_final(self._closing.popleft())

    def _send_final(self, closing: Closing) -> None:
        answer = closing.answer
        if isinstance(answer, SvenskaError):
            self._dropped += closing.samples
            self._out.append(StreamError(code=answer.code, message=answer.message, fatal=False))
            answer = None
        else:
            self._decoded += closing.samples
        self._out.append(self._final(closing, answer or Hypothesis(text="")))

    def _final(self, closing: Closing, answer: Hypothesis) -> Final:
        words = [
            WordTime(start=word.start, end=word.end, word=word.word, probability=word.probability)
            for word in answer.words
        ]
        return Final(
            utterance=closing.number,
            start=seconds(closing.start),
            end=seconds(closing.end),
            text=answer.text,
            language=answer.language or self._options.language,
            confidence=answer.confidence,
            words=words if self._options.word_timestamps else None,
            latency=round(max(0.0, self._now - closing.closed_at), 4),
        )

    # --- requests

    def _ask_partial(self) -> None:
        utterance = self._open
        if utterance is None or not self._options.partials or self._detector.pause:
            return
        if self._tape.end - utterance.covered < samples(self._options.partial_interval):
            return
        if utterance.asked is not None and utterance.asked.started:
            return
        self._drop(utterance.asked)
        utterance.covered = self._tape.end
        number = self._request(utterance, self._tape.end, words=False, kind="partial")
        utterance.asked = Asked(number=number, until=self._tape.end)

    def _request(
        self, utterance: Utterance, until: int, *, words: bool, kind: Literal["partial", "final"] = "final"
    ) -> int:
        request = DecodeRequest(
            number=next(self._numbers),
            utterance=utterance.number,
            kind=kind,
            audio=self._tape.view(utterance.window, until),
            offset=seconds(utterance.window),
            word_timestamps=words,
        )
        self._out.append(request)
        return request.number

    def _drop(self, asked: Asked | Early | None) -> None:
        if asked is None or (isinstance(asked, Early) and (asked.failed or asked.hypothesis is not None)):
            return
        waiting = [one for one in self._out if not (isinstance(one, DecodeRequest) and one.number == asked.number)]
        self._out = waiting if len(waiting) < len(self._out) else [*self._out, Drop(number=asked.number)]

    def _take(self) -> Step:
        if self._stopping and not self._closing and not self.finished:
            self._finish()
        step, self._out = tuple(self._out), []
        return step

    def _finish(self) -> None:
        self._silence += self._tape.forget(self._tape.end)
        self.finished = True
        done = StreamDone(
            duration=self.received,
            utterances=self._utterances,
            audio_received=self.received,
            audio_decoded=seconds(self._decoded),
            audio_silence=seconds(self._silence),
            dropped=seconds(self._dropped),
        )
        self._out.append(done)


def _tokens(hypothesis: Hypothesis) -> list[str]:
    if hypothesis.words:
        return [word.word for word in hypothesis.words]
    return hypothesis.text.split()
