"""What the committed text promises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_server.streaming.agreement import Agreement, find_again

_WORDS = st.lists(
    st.sampled_from(["hej", "Hej,", "jag", "jag.", "heter", "an", "Anna", "-", "vecko", "slut", "veckoslut!"])
)


@pytest.mark.parametrize(
    ("hypotheses", "committed", "tentative"),
    [
        (["Hej jag"], "", "Hej jag"),
        (["Hej jag", "Hej jag heter an"], "Hej jag", " heter an"),
        (["hej jag.", "Hej, jag heter"], "Hej, jag", " heter"),
        (["hej jag", "hej jag.", "hej jag, heter", "hej jag, heter Anna"], "hej jag, heter", " Anna"),
        (["hej du", "hej jag", "hej jag"], "hej jag", ""),
        (["hej jag", "hej jag", "hej"], "hej jag", ""),
        (["ett veckoslut", "ett veckoslut", "ett vecko slut i maj"], "ett veckoslut", " i maj"),
        (["ett", "ett", "", "ett två"], "ett", " två"),
    ],
)
def test_two_hypotheses_in_a_row_commit_what_they_share(hypotheses: list[str], committed: str, tentative: str):
    """Case and punctuation do not matter, the newest spelling is taken, and nothing is said twice."""
    agreement = Agreement()
    for hypothesis in hypotheses:
        agreed = agreement.update(hypothesis.split())
    assert (agreed.committed, agreed.tentative) == (committed, tentative)


def test_what_an_earlier_decode_heard_counts_as_the_first_hypothesis():
    """After a cut the rest of the old text makes the first decode of the new utterance agree at once."""
    assert Agreement(expected=["jag", "heter"]).update(["jag", "heter", "Anna"]).committed == "jag heter"


@given(st.lists(_WORDS, max_size=12))
def test_committed_only_ever_grows(hypotheses: list[list[str]]):
    """Whatever the decoder says, each committed text is a prefix of the next."""
    agreement, before = Agreement(), ""
    for words in hypotheses:
        agreed = agreement.update(words)
        assert agreed.committed.startswith(before)
        assert 0 <= agreement.words <= len(words)
        before = agreed.committed


@given(_WORDS)
def test_a_decoder_that_does_not_change_its_mind_is_committed_whole(words: list[str]):
    """Two equal hypotheses leave nothing tentative but the last word's punctuation."""
    agreement = Agreement()
    agreement.update(words)
    agreed = agreement.update(words)
    assert (agreed.committed + agreed.tentative).split() == words


@pytest.mark.parametrize(
    ("committed", "words", "count"),
    [
        ("", "a b", 0),
        ("a b", "", 0),
        ("a b c", "a b x d", 3),
        ("hej jag heter", "hej heter jonas", 2),
        ("ett två", "ett två två", 2),
        ("i morgon bitti", "imorgon bitti klockan", 2),
    ],
)
def test_committed_words_are_found_again(committed: str, words: str, count: int):
    """They may be spelled or divided differently in the newest hypothesis."""
    assert find_again(committed, words.split()) == count
