"""What is written about clients is what was tried."""

import os

import pytest

from tests.clients.table import Tried, complete, listed, rendered, worst


@pytest.mark.skipif("COMPATIBILITY_TABLE" in os.environ, reason="this run writes the table when it ends")
def test_the_document_lists_what_is_tried(request: pytest.FixtureRequest) -> None:
    """`docs/compatibility.md` has a row for every feature that the tests collected here try, and no others."""
    items, options = request.session.items, request.config.option
    marks = (item.get_closest_marker("compatibility") for item in items)
    tried = {Tried(*mark.args) for mark in marks if mark is not None}
    assert sorted(tried - listed()) == []
    if complete(item.path for item in items) and not (options.keyword or options.markexpr):
        assert sorted(listed() - tried) == []


def test_one_failure_makes_a_feature_fail() -> None:
    """A feature that several tests try works only if all of them pass."""
    assert worst(["passed", "failed", "skipped"]) == "failed"
    assert worst(["passed", "skipped"]) == "skipped"
    assert worst(["passed"]) == "passed"


def test_a_table_is_markdown() -> None:
    """Rows are sorted by client and feature and carry the client's version."""
    results = {Tried("b", "two"): "passed", Tried("a", "one"): "failed"}
    assert rendered(results, lambda client: f"{client}-1").splitlines()[2:] == [
        "| a | a-1 | one | **fails** |",
        "| b | b-1 | two | works |",
    ]


def test_a_run_of_some_tests_renews_their_rows() -> None:
    """What they do not try stays; a run of all tests takes out what is not tried any more."""
    old = rendered({Tried("a", "one"): "failed", Tried("b", "two"): "failed"}, lambda client: f"{client}-1")
    some, all_ = (
        rendered({Tried("b", "two"): "passed"}, lambda client: f"{client}-2", before=old, complete=whole)
        for whole in (False, True)
    )
    assert some.splitlines()[2:] == ["| a | a-1 | one | **fails** |", "| b | b-2 | two | works |"]
    assert all_.splitlines()[2:] == ["| b | b-2 | two | works |"]


def test_a_feature_that_was_skipped_keeps_its_row() -> None:
    """Who has no npm does not take back what somebody else has seen work."""
    old = rendered({Tried("a", "one"): "passed"}, lambda client: f"{client}-1")
    assert rendered({Tried("a", "one"): "skipped"}, lambda client: "?", before=old) == old
    assert "| a | ? | one | not tried |" in rendered({Tried("a", "one"): "skipped"}, lambda client: "?")
