"""Which client tried which feature, with what result: kept while the tests run, written to `docs/compatibility.md`.

A test names what it tries with `@pytest.mark.compatibility("client", "feature")`. With `COMPATIBILITY_TABLE=1` in the
environment the table between the marks in the document is written anew from the run.
"""

import importlib.metadata
import os
from collections.abc import Generator

import pytest

from tests.clients import npm, table

_results: dict[table.Tried, list[str]] = {}


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "compatibility(client, feature): what the test shows of an unmodified client")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep the result of a test that tries a client."""
    report = yield
    mark = item.get_closest_marker("compatibility")
    if mark is not None and (call.when == "call" or report.outcome != "passed"):
        _results.setdefault(table.Tried(*mark.args), []).append(report.outcome)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the table where that is asked for."""
    if os.environ.get("COMPATIBILITY_TABLE") and _results:
        results = {tried: table.worst(outcomes) for tried, outcomes in _results.items()}
        table.write(results, _version, complete=table.complete(item.path for item in session.items))


def _version(client: str) -> str:
    name = client.split(maxsplit=1)[0]
    if client.endswith("(npm)"):
        return npm.VERSIONS.get(name, "?")
    return "-" if name == "browser" else importlib.metadata.version(name)
