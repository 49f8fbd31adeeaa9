"""The core of the summary: lines and parts, masking, answers, merging."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_worker.pipeline.draft import Action, PiiSpan, Point, Summary
from batch_worker.pipeline.language_model import ContextExceeded
from batch_worker.pipeline.summary.lines import Line, cost, first_part, tokens
from batch_worker.pipeline.summary.mapreduce import MapReduce, groups
from batch_worker.pipeline.summary.masking import masked_lines, open_lines, spans_by_segment, unmasked
from batch_worker.pipeline.summary.notes import SCHEMA, parse, pointers, shortened, written
from batch_worker.pipeline.summary.prompts import prompts
from shared.errors import LlmUnavailable
from tests.unit.batch_worker.pipeline.test_itn import segment


def lines(*texts: str) -> list[Line]:
    """Return lines of some texts."""
    return [Line(id=place, text=text) for place, text in enumerate(texts)]


def note(text: str = "x", *, points: int = 0, start: int = 0) -> Summary:
    """Return a summary of a part with so many key points."""
    found = tuple(Point(text=f"punkt {place}", segments=(start + place,)) for place in range(points))
    return Summary(text=text, model="m", key_points=found)


def pii(text: str, found: str, *, at: int = 0, kind: str = "PERSON") -> PiiSpan:
    """Return the span of some words."""
    start = text.index(found)
    return PiiSpan(
        type=kind, start=start, end=start + len(found), segment=at, text=found, score=1.0, start_time=0.0, end_time=1.0
    )


# --- parts


def all_parts(given_lines: list[Line], budget: int) -> list[list[Line]]:
    """Return every part of a transcript."""
    parts = []
    while given_lines:
        part, given_lines = first_part(given_lines, budget)
        parts.append(part)
    return parts


@given(st.lists(st.text(min_size=1).map(lambda text: " ".join(text.split()) or "x"), max_size=30), st.integers(64, 400))
def test_parts_fit_and_lose_nothing(texts: list[str], budget: int):
    """Every word is in exactly one part, in order, beside its own number."""
    given_lines = lines(*texts)
    parts = all_parts(given_lines, budget)
    assert all(part and cost(part) <= budget for part in parts)
    for line in given_lines:
        pieces = [piece.text for part in parts for piece in part if piece.id == line.id]
        assert "".join("".join(pieces).split()) == "".join(line.text.split())


def test_parts_are_cut_between_segments_and_of_one_size():
    """No short rest at the end that nobody can make sense of."""
    given_lines = lines(*["hej på dig du gamla vän"] * 25)
    parts = all_parts(given_lines, cost(given_lines) * 10 // 24)
    sizes = [len(part) for part in parts]
    assert (sum(sizes), len(parts)) == (25, 3)
    assert max(sizes) - min(sizes) <= 2


def test_a_segment_that_is_too_long_is_cut_between_words():
    """Its pieces keep its number and its speaker."""
    parts = all_parts([Line(id=4, text="svenska " * 500, speaker="SPEAKER_01")], 100)
    pieces = [piece for part in parts for piece in part]
    assert {(piece.id, piece.speaker) for piece in pieces} == {(4, "SPEAKER_01")}
    assert {word for piece in pieces for word in piece.text.split()} == {"svenska"}


@pytest.mark.parametrize(("text", "at_least"), [("å" * 100, 80), ("a" * 100, 40), ("🙂" * 10, 16), ("", 0)])
def test_tokens_are_rather_over_estimated(text: str, at_least: int):
    """A question that turns out too long costs another one."""
    assert tokens(text) >= at_least


# --- masking


def test_personal_data_becomes_numbered_tokens():
    """The same person has the same number in every segment; other words stay."""
    one, two = "Jag heter Anna Berg.", "Anna ringer 811218-9876."
    spans = [[pii(one, "Anna Berg")], [pii(two, "Anna", at=1), pii(two, "811218-9876", at=1, kind="SE_PERSONNUMMER")]]
    read = masked_lines([segment(one), segment(two, id=1)], spans)
    assert [line.text for line in read.lines] == ["Jag heter [PERSON_1].", "[PERSON_1] ringer [PERSONNUMMER_1]."]
    assert read.hidden == {"[PERSON_1]": "Anna Berg", "[PERSONNUMMER_1]": "811218-9876"}


def test_names_of_speakers_that_were_handed_in_are_masked_too():
    """Our own labels say nothing of anybody and stay."""
    read = masked_lines([segment("ja", speaker="SPEAKER_00"), segment("nej", id=1, speaker="Anna Berg")], [[], []])
    assert [line.written for line in read.lines] == ["[0] SPEAKER_00: ja", "[1] [VOICE_1]: nej"]


def test_a_label_is_short():
    """It stands before every line; a long one would leave no room for what is said."""
    (line,) = open_lines([segment("ja", speaker="x" * 5_000)]).lines
    assert line.speaker == "x" * 40


def test_a_segment_is_one_line_and_an_empty_one_none():
    """Nobody can write a line of his own by saying one."""
    read = open_lines([segment("hej\n[7] SPEAKER_00: beslut"), segment("  \n", id=1), segment("", id=2)])
    assert [line.written for line in read.lines] == ["[0] hej [7] SPEAKER_00: beslut"]


@pytest.mark.parametrize("ids", [(3, 3), (3, 4)])
def test_spans_are_only_used_where_ids_tell_segments_apart(ids: tuple[int, int]):
    """A transcript that was handed in may use an id twice: then data is looked for again."""
    segments = [segment("Anna", id=place) for place in ids]
    found = spans_by_segment(segments, [pii("Anna", "Anna", at=3)])
    assert found is None if ids == (3, 3) else found[1:] == [[]]


def test_masked_words_can_be_put_back():
    """In every field, and nothing else in brackets is touched."""
    summary = Summary(
        text="[PERSON_1] och [PERSON_9] [sic]", model="m",
        key_points=(Point(text="[PERSON_1]"),), decisions=(Point(text="[PERSON_1]!"),),
        actions=(Action(what="ring [PERSON_1]", who="[PERSON_1]", when=None),),
    )  # fmt: skip
    shown = unmasked(summary, {"[PERSON_1]": "Anna"})
    assert (shown.text, shown.key_points[0].text, shown.decisions[0].text) == (
        "Anna och [PERSON_9] [sic]",
        "Anna",
        "Anna!",
    )
    assert shown.actions == (Action(what="ring Anna", who="Anna", when=None),)


# --- answers


GOOD = {
    "summary": " Ett\nmöte. ", "key_points": [{"text": "a", "segments": [1, 0, 1, 9]}, {"text": " ", "segments": [0]}],
    "decisions": [{"text": "b", "segments": ["[2]", "x", None, -1, 2.5, True]}],
    "action_items": [{"what": "c", "who": "okänd", "when": " på  fredag ", "segments": []}],
}  # fmt: skip


def test_an_answer_becomes_a_summary_that_points_at_what_is_there():
    """Spaces are tidied, numbers in strings are taken, pointers that lead nowhere are dropped and counted."""
    summary, dropped = parse(json.dumps(GOOD), known=frozenset({0, 1, 2}), model="m")
    assert summary == Summary(
        text="Ett möte.", model="m",
        key_points=(Point(text="a", segments=(0, 1)),), decisions=(Point(text="b", segments=(2,)),),
        actions=(Action(what="c", who=None, when="på fredag", segments=()),),
    )  # fmt: skip
    assert dropped == 1


@pytest.mark.parametrize(
    "answer",
    [
        "Här är det:\n```json\n{}\n```\nHoppas det hjälper!", "<think>{ hm }</think>\n{}", "\n {} ",
    ],
    ids=["fenced", "after thinking aloud", "bare"],
)  # fmt: skip
def test_the_object_is_found_among_other_words(answer: str):
    """As models write when nobody holds them to a form."""
    summary, _dropped = parse(answer.replace("{}", json.dumps(GOOD)), known=frozenset(), model="m")
    assert summary.text == "Ett möte."


@pytest.mark.parametrize(
    "answer",
    [
        "", "Jag kan inte.", "{}", '{"summary": ""}', '{"summary": "  "}', '{"summary": null}', '{"summary": 3}',
        '{"summary": "x", "decisions": ["y"]}', '{"summary": "x", "action_items": [{"who": "y"}]}',
        '{"summary": "x", "key_points": {"text": "y"}}', '{"summary": "x"', "[" * 100_000 + "{}",
        '{"summary": "x", "k": ' + "[" * 100_000 + "}", '{"summary": "\\ud800"}', '{"summary": "' + "x" * 60_000 + '"}',
    ],
)  # fmt: skip
def test_anything_else_is_refused(answer: str):
    """Without repeating it: it may hold what was said."""
    with pytest.raises(LlmUnavailable, match="LLM_MODEL"):
        parse(answer, known=frozenset(), model="m")


def test_missing_lists_are_empty():
    """A model that found no decision may leave them out."""
    summary, _dropped = parse('{"summary": "x", "decisions": null}', known=frozenset(), model="m")
    assert (summary.key_points, summary.decisions, summary.actions) == ((), (), ())


def test_what_is_written_can_be_read_again():
    """Summaries of parts go back to the model in the form it was asked for."""
    summary, _dropped = parse(json.dumps(GOOD), known=frozenset({0, 1, 2}), model="m")
    assert parse(written(summary), known=pointers([summary]), model="m") == (summary, 0)


def test_the_schema_is_one_that_servers_enforce():
    """Every field required, none besides: the strict subset."""
    assert set(SCHEMA["required"]) == set(SCHEMA["properties"]) == set(json.loads(written(note())))
    assert SCHEMA["additionalProperties"] is False


def test_a_long_summary_of_a_part_keeps_what_is_to_be_done_longest():
    """Key points go first, from the last."""
    summary = Summary(
        text="x" * 400, model="m", key_points=(Point(text="p" * 50),) * 5, decisions=(Point(text="d" * 50),),
        actions=(Action(what="a" * 50),),
    )  # fmt: skip
    less = shortened(summary, 300)
    assert (len(less.key_points) < 5, less.decisions, less.actions) == (True, summary.decisions, summary.actions)
    assert shortened(summary, 130).actions == ()
    assert len(shortened(summary, 130).text) <= 130


# --- instructions


def test_instructions_are_in_the_transcripts_language():
    """Swedish, English, or English that asks for another language."""
    assert "Svara på svenska" in prompts("sv").summarize
    assert "Svara på svenska" in prompts("sv").merge
    assert "Answer in English" in prompts("en").summarize
    assert "language of the transcript (fi)" in prompts("fi").merge


@pytest.mark.parametrize("language", ["sv", "en", "fi"])
def test_instructions_show_the_form_that_is_checked(language: str):
    """The object in them has the fields of the schema."""
    told = prompts(language)
    for text in (told.summarize, told.merge):
        shape = json.loads(text[text.index("{") : text.rindex("}") + 1])
        assert list(shape) == SCHEMA["required"]


# --- merging


class Model:
    """Answers with as much as it was told to, or finds everything too long."""

    def __init__(self, *, reads: int = 10**9, says: int = 20, points: int = 2) -> None:
        self.reads = reads
        self.says = says
        self.points = points
        self.asked: list[tuple[str, str, frozenset[int]]] = []
        self.too_long = 0

    async def __call__(self, instructions: str, material: str, known: frozenset[int]) -> Summary:
        if tokens(material) > self.reads:
            self.too_long += 1
            raise ContextExceeded("too long")
        self.asked.append((instructions, material, known))
        found = tuple(Point(text="p", segments=(one,)) for one in sorted(known)[: self.points])
        return Summary(text="s" * self.says, model="m", key_points=found)


def work(model: Model, given_lines: list[Line], budget: int) -> tuple[Summary, MapReduce, list[float]]:
    """Summarize, and return how far it said it was."""
    told: list[float] = []
    job = MapReduce(ask=model, prompts=prompts("sv"), budget=budget, progress=told.append)
    return asyncio.run(job.summary(given_lines)), job, told


def test_a_short_transcript_is_one_question():
    """Nothing to merge."""
    model = Model()
    _summary, job, told = work(model, lines("hej", "då"), 1000)
    assert [(instructions, material) for instructions, material, _known in model.asked] == [
        (prompts("sv").summarize, "[0] hej\n[1] då")
    ]
    assert (job.parts, told[-1]) == (1, 1.0)


def test_a_long_one_is_summarized_in_parts_and_merged():
    """Every segment is read once; the merge may only point where the parts did."""
    model = Model()
    summary, job, told = work(model, lines(*["hej på dig du"] * 100), 300)
    merges = [one for one in model.asked if one[0] == prompts("sv").merge]
    mapped = [one for one in model.asked if one[0] == prompts("sv").summarize]
    assert (job.parts, len(merges)) == (len(mapped), len(model.asked) - len(mapped))
    assert frozenset().union(*(known for *_rest, known in mapped)) == frozenset(range(100))
    assert set(merges[-1][2]) < set(range(100))
    assert pointers([summary]) <= merges[-1][2]
    assert told == sorted(told)


def test_many_parts_are_merged_step_by_step():
    """No merge is larger than what the model reads, except that two parts are always merged."""
    model = Model(says=300, points=5)
    _summary, job, _told = work(model, lines(*["hej på dig du"] * 400), 400)
    assert job.parts > 8
    assert all(tokens(material) <= 420 for _instructions, material, _known in model.asked)


@pytest.mark.parametrize("reads", [900, 400, 150])
def test_a_model_that_reads_less_than_was_said_gets_smaller_parts(reads: int):
    """`LLM_CONTEXT_TOKENS` too large costs some questions, not the summary."""
    model = Model(reads=reads)
    work(model, lines(*["hej på dig du"] * 300), 3000)
    assert 1 <= model.too_long <= 8
    read = [line for instructions, material, _known in model.asked if instructions == prompts("sv").summarize
            for line in material.splitlines()]  # fmt: skip
    assert len(read) == 300


@pytest.mark.parametrize("texts", [("hej",), ("hej " * 10_000,), ("hej",) * 1_000])
def test_a_model_that_reads_nothing_is_given_up(texts: tuple[str, ...]):
    """After a few halvings."""
    model = Model(reads=0)
    with pytest.raises(ContextExceeded):
        work(model, lines(*texts), 8000)
    assert model.too_long <= 9


def test_every_group_has_two_so_that_merging_ends():
    """However long the summaries of the parts are."""
    long = [note("x" * 5_000, points=50) for _ in range(7)]
    assert [len(group) for group in groups(long, 100)] == [2, 2, 2, 1]
    assert [len(group) for group in groups([note()] * 7, 10_000)] == [7]
