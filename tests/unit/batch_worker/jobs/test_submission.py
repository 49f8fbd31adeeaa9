"""What callers hand in is refused by name and position, or taken as it is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_worker.jobs import cursor, submission
from shared.errors import InvalidParameter
from shared.transcript import Segment, to_json
from tests.unit.shared.values import segment, transcript


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "line 1, column 2"),
        ('{"a": 1,\n "b": }', "line 2, column 7"),
        ("[]", "a JSON object"),
        ("1", "a JSON object"),
        ("[" * 100_000, "nested"),
    ],
)
def test_json_that_is_none_is_refused_with_its_position(text: str, says: str) -> None:
    """The field's name and where the fault is."""
    with pytest.raises(InvalidParameter, match="options: ") as caught:
        submission.json_object("options", text)
    assert says in caught.value.message


@pytest.mark.parametrize(
    "text",
    ['{"a": NaN}', '{"a": [-Infinity]}', '{"a": 1e999}', '{"a": "\\ud800"}', '{"\\uDFFF": 1}'],
    ids=["nan", "infinity", "too large", "half a character", "half a character as a name"],
)
def test_what_no_reply_could_hold_is_refused(text: str) -> None:
    """Else the job could not be shown, nor any list that it is in."""
    with pytest.raises(InvalidParameter, match="metadata: ") as caught:
        submission.metadata(text)
    json.dumps(caught.value.to_json(), ensure_ascii=False, allow_nan=False).encode()


def test_whole_characters_may_be_written_in_two_halves() -> None:
    """As JSON writes what is beyond 16 bits."""
    assert submission.metadata('{"a": "\\ud83d\\ude42"}') == {"a": "🙂"}


def test_metadata_is_not_nested_so_deep_that_it_could_not_be_shown() -> None:
    """A reply, a list of jobs or a webhook wraps it once more."""
    assert submission.metadata('{"a": ' * 50 + "1" + "}" * 50)
    with pytest.raises(InvalidParameter, match=r"metadata: .*deep"):
        submission.metadata('{"a": ' * 800 + "1" + "}" * 800)


def handed_in(*segments: Segment) -> str:
    """Return a transcript of some segments as a caller writes it."""
    return json.dumps(to_json(transcript(*segments)))


def test_segments_are_told_apart_by_their_ids() -> None:
    """Personal data is placed by them: one id for two segments would leave some of it in the redacted text."""
    assert len(submission.transcript(handed_in(segment(id=4), segment(id=3))).segments) == 2
    with pytest.raises(InvalidParameter) as caught:
        submission.transcript(handed_in(segment(id=4), segment(id=3), segment(id=4)))
    assert caught.value.detail is not None
    assert (caught.value.detail["field"], caught.value.detail["got"]) == ("transcript.segments.2.id", "4")


@pytest.mark.parametrize("text", [None, ""])
def test_nothing_is_an_empty_object(text: str | None) -> None:
    """Every JSON field may be left out."""
    assert submission.json_object("options", text) == {}


@pytest.mark.parametrize(("document", "field"), [({"dance": True}, "features"), ({"pii": "yes"}, "features.pii")])
def test_unknown_features_and_wishes_are_refused(document: dict[str, object], field: str) -> None:
    """Only installed ones, only true or false."""
    with pytest.raises(InvalidParameter) as caught:
        submission.features(document, ("pii", "text"))
    assert caught.value.detail is not None
    assert caught.value.detail["field"] == field


def test_metadata_has_a_limit_in_bytes() -> None:
    """64 kB, counted as UTF-8."""
    assert submission.metadata('{"a": "' + "x" * 63_000 + '"}')
    with pytest.raises(InvalidParameter, match="metadata"):
        submission.metadata('{"a": "' + "å" * 33_000 + '"}')


@pytest.mark.parametrize(
    ("text", "field"),
    [("{}", "transcript."), ('{"segments": 1}', "transcript."), ("nonsense", "transcript")],
)
def test_a_transcript_of_the_wrong_shape_is_refused_by_its_field(text: str, field: str) -> None:
    """The first fault is named."""
    with pytest.raises(InvalidParameter) as caught:
        submission.transcript(text)
    assert caught.value.detail is not None
    assert caught.value.detail["field"].startswith(field)


def test_another_recording_or_field_is_another_request() -> None:
    """What `Idempotency-Key` compares."""
    prints = {
        submission.fingerprint(content, fields)
        for content in ("a", "b")
        for fields in ({}, {"language": "sv"}, {"language": "en"})
    }
    assert len(prints) == 6
    assert submission.fingerprint("a", {"x": 1, "y": 2}) == submission.fingerprint("a", {"y": 2, "x": 1})


@given(st.integers(min_value=0, max_value=2**60))
def test_a_cursor_says_where_to_go_on(seq: int) -> None:
    """It comes back as it was."""
    assert cursor.decode(cursor.encode(seq)) == seq


@given(st.text(max_size=40))
def test_a_cursor_that_was_made_up_is_refused(text: str) -> None:
    """Never a crash, never a number."""
    with pytest.raises(InvalidParameter, match="cursor"):
        cursor.decode(text)


def test_a_cursor_that_no_row_has_is_refused() -> None:
    """Though it be signed as ours are: its rule is no secret, and SQLite takes no such number."""
    with pytest.raises(InvalidParameter, match="cursor"):
        cursor.decode(cursor.encode(2**64))


def test_a_cursor_that_was_changed_is_refused() -> None:
    """One digit more is another list."""
    good = cursor.encode(12)
    with pytest.raises(InvalidParameter):
        cursor.decode(good[:-1] + ("A" if good[-1] != "A" else "B"))
