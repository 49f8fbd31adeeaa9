"""When speech begins and ends."""

from api_server.streaming.vad import SpeechDetector

FRAME = 512


def _after(*probabilities: float) -> SpeechDetector:
    detector = SpeechDetector()
    for probability in probabilities:
        detector.advance(probability, FRAME)
    return detector


def test_a_click_is_no_speech():
    """Less than 96 ms does not begin an utterance."""
    assert not _after(0.9, 0.9, 0.1, 0.9, 0.1).speaking


def test_speech_begins_where_it_was_first_heard():
    """The onset is the first frame of the run, not the frame that made it certain."""
    detector = _after(0.1, 0.1, 0.9, 0.4, 0.9)
    assert detector.speaking
    assert detector.onset == 2 * FRAME


def test_a_pause_begins_below_the_lower_line_and_ends_above_the_upper_one():
    """Between the two lines nothing changes, so a wavering probability neither ends nor resumes speech."""
    assert _after(0.9, 0.9, 0.9, 0.4).pause == 0
    assert _after(0.9, 0.9, 0.9, 0.3, 0.4).pause == 2 * FRAME
    assert _after(0.9, 0.9, 0.9, 0.3, 0.4, 0.6).pause == 0


def test_after_a_reset_speech_must_begin_anew():
    """A flushed utterance does not go on by itself."""
    detector = _after(0.9, 0.9, 0.9)
    detector.reset()
    assert not detector.speaking
    assert detector.onset == detector.position == 3 * FRAME
