"""The services in the foreground."""

import pytest

from svenska.serve import environment


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"API_PORT": None}, {"API_PORT": "1", "LANG": "C"}),
        ({"API_PORT": 0, "API_HOST": "0.0.0.0"}, {"API_PORT": "0", "LANG": "C", "API_HOST": "0.0.0.0"}),
    ],
)
def test_what_is_given_goes_before_the_environment(given: dict[str, object], found: dict[str, str]):
    """And what is not given is left as it is."""
    assert environment({"API_PORT": "1", "LANG": "C"}, given) == found
