"""How far it is, for a person who watches."""

import pytest

from svenska.progress import shortened


@pytest.mark.parametrize(
    ("title", "room", "shown"),
    [
        ("möte.m4a", 30, "möte.m4a"),
        ("2/9 Styrelsemöte 2026-11-21.flac", 25, "2/9 Styrelse…6-11-21.flac"),
        ("2/9 Styrelsemöte 2026-11-21.flac", -3, "2/9 Styrel…1-21.flac"),
    ],
)
def test_a_long_title_leaves_room_for_the_bar(title: str, room: int, shown: str):
    """Its end is kept as well: recordings often differ there."""
    assert shortened(title, room) == shown
