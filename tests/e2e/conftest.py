"""Chromium for the tests of the page."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.e2e import screen
from tests.e2e.screen import Screen

Open = Callable[..., Screen]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """The driver; one a module, since its loop runs in this thread for as long as it lives."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def silent(playwright: Playwright) -> Iterator[Browser]:
    """A browser into whose microphone nobody speaks."""
    with screen.browser(playwright) as running:
        yield running


@pytest.fixture
def open_page() -> Iterator[Open]:
    """Opens the page; in the end nothing may have gone wrong on it, and nobody else was asked for anything."""
    screens: list[Screen] = []

    def opened(browser: Browser, url: str, *, locale: str = "sv-SE", **options: object) -> Screen:
        page = browser.new_context(locale=locale, accept_downloads=True, **options).new_page()  # type: ignore[arg-type]
        screens.append(Screen(page, url))
        return screens[-1]

    yield opened
    for one in screens:
        one.page.context.close()
        assert one.own_faults == []
        assert one.elsewhere == []
