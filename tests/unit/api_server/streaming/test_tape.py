"""The audio that a session still needs."""

import numpy as np

from api_server.streaming.tape import Tape

SECOND = 16_000


def test_a_view_keeps_its_audio_whatever_happens_to_the_tape():
    """A decode may run long after the tape went on."""
    tape = Tape()
    tape.append(np.full(SECOND, 0.5, dtype=np.float32))
    view = tape.view(100, 200)
    for value in range(20):
        tape.forget(tape.end)
        tape.append(np.full(SECOND, value, dtype=np.float32))
    assert (view == 0.5).all()
    assert not view.flags.writeable


def test_audio_is_found_by_its_position():
    """Positions count from the start of the stream, through every move of the buffer."""
    tape = Tape()
    for value in range(30):
        tape.append(np.full(SECOND, value, dtype=np.float32))
        tape.forget(tape.end - 2 * SECOND)
    assert tape.begin == 28 * SECOND
    assert (tape.view(29 * SECOND, 30 * SECOND) == 29).all()
    assert (tape.view(28 * SECOND, 29 * SECOND) == 28).all()


def test_forgetting_counts_what_was_kept_until_then():
    """The same audio is never counted twice."""
    tape = Tape()
    tape.append(np.zeros(100, dtype=np.float32))
    assert [tape.forget(40), tape.forget(40), tape.forget(-5), tape.forget(1000)] == [40, 0, 0, 60]


def test_a_tape_that_forgets_does_not_grow():
    """Five minutes that are let go take no more memory than a few seconds."""
    tape = Tape()
    for _ in range(300):
        tape.append(np.zeros(SECOND, dtype=np.float32))
        tape.forget(tape.end - SECOND)
    assert tape.nbytes <= 4 * SECOND * 4
