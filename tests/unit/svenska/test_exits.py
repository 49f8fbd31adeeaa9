"""How commands end."""

from collections.abc import Iterator

import pytest

from shared.errors import SvenskaError
from svenska.exits import Exit, Failure, exit_for

THEIRS = {"internal", "asr_unavailable", "llm_unavailable", "timeout", "cancelled", "poison", "startup"}
"""Codes of what goes wrong in a service itself."""


def _codes(kind: type[SvenskaError] = SvenskaError) -> Iterator[str]:
    """Yield what a reply's `error` may say; faults that only stages know of never are one."""
    yield kind.code
    for below in kind.__subclasses__():
        if below.__module__ == SvenskaError.__module__:
            yield from _codes(below)


@pytest.mark.parametrize("code", sorted({*_codes()} - THEIRS))
def test_every_refusal_of_a_service_has_an_exit_code_of_its_own(code: str):
    """What the caller can do something about is told from what the service failed of."""
    assert exit_for(code) not in {Exit.UNREACHABLE, Exit.FAILED, Exit.DONE}


@pytest.mark.parametrize("code", sorted(THEIRS))
def test_a_fault_of_the_service_is_told_as_one(code: str):
    """The command line and the recording were right."""
    assert exit_for(code) is Exit.UNREACHABLE


def test_an_unknown_code_goes_by_its_status():
    """A later version may refuse for reasons that this one does not know."""
    assert exit_for("too_green", 422) is Exit.INPUT
    assert exit_for("too_green", 503) is Exit.UNREACHABLE


def test_the_numbers_are_the_documented_ones():
    """Scripts are written against them."""
    assert {one.name: int(one) for one in Exit} == {
        "DONE": 0, "FAILED": 1, "USAGE": 2, "INPUT": 3, "UNREACHABLE": 4, "UNAUTHORIZED": 5, "NOT_FOUND": 6,
        "NOT_NOW": 7, "INTERRUPTED": 130,
    }  # fmt: skip


def test_a_failure_reads_as_its_sentence():
    """With its values filled in."""
    failure = Failure("{path} is full.", code="full", exit_code=Exit.FAILED, path="/tmp")
    assert str(failure) == "/tmp is full."
