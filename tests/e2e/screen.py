"""The page as a person uses it."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, expect

PATIENCE = 60_000
"""Milliseconds: far more than anything takes; only a hang gets this far."""
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
)
_ALLOWED = "--use-fake-ui-for-media-stream"
_NETWORK = ("net::ERR_", "WebSocket connection to", "Failed to load resource")


@contextlib.contextmanager
def browser(playwright: Playwright, *, speech: Path | None = None, allowed: bool = True) -> Iterator[Browser]:
    """Run Chromium with a microphone into which the file `speech` is spoken; skips where there is no Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    flags = [*_FLAGS, *([_ALLOWED] if allowed else [])]
    if speech is not None:
        flags.append(f"--use-file-for-fake-audio-capture={speech}%noloop")
    running = playwright.chromium.launch(executable_path=path, args=flags)
    try:
        yield running
    finally:
        running.close()


class Screen:
    """One page that is open, and everything that went wrong on it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.faults: list[str] = []
        self.elsewhere: list[str] = []
        self._host = urlsplit(url).netloc
        page.set_default_timeout(PATIENCE)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", lambda request: self._asked(request.url))
        page.on("websocket", lambda socket: self._asked(socket.url))
        page.goto(url)
        page.wait_for_selector("html[data-loaded]")

    def speak(self) -> None:
        """Press the button that starts, or stops, a recording."""
        self.page.locator("#speak").click()

    @property
    def lines(self) -> list[str]:
        """The finished lines of all sheets."""
        return self.page.locator(".lines .line > span").all_inner_texts()

    @property
    def times(self) -> list[str]:
        """When the finished lines begin, as shown."""
        return self.page.locator(".lines .line > time").all_inner_texts()

    @property
    def text(self) -> str:
        """The finished lines as one text."""
        return " ".join(self.lines)

    def wait_for_lines(self, count: int) -> None:
        """Wait until there are so many finished lines."""
        self.page.wait_for_function(
            "count => document.querySelectorAll('.lines .line').length >= count", arg=count, timeout=PATIENCE
        )

    def wait_for_pending(self) -> None:
        """Wait until unfinished words are shown."""
        expect(self.page.locator(".pending")).to_be_visible(timeout=PATIENCE)

    def wait_for_phase(self, phase: str) -> None:
        """Wait until the page is `recording`, `stopping` or `idle` again."""
        self.page.wait_for_selector(f"body[data-phase={phase}]")

    def wait_for_message(self, about: str, text: str) -> None:
        """Wait until the page says this."""
        expect(self.page.locator(f".message[data-about={about!r}]")).to_contain_text(text, timeout=PATIENCE)

    def wait_for_facts(self, text: str, *, sheet: int = 0) -> None:
        """Wait until a sheet says this of itself."""
        expect(self.page.locator(".sheet .facts").nth(sheet)).to_have_text(text, timeout=PATIENCE)

    def download(self, form: str, *, sheet: int = 0) -> tuple[str, str]:
        """Press a download button; return the file's name and text."""
        with self.page.expect_download() as started:
            self.page.locator(".sheet").nth(sheet).locator(f"[data-do={form}]").click()
        file = started.value
        return file.suggested_filename, file.path().read_text(encoding="utf-8")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.faults.append(message.text)

    def _asked(self, url: str) -> None:
        if urlsplit(url).netloc != self._host and not url.startswith("blob:"):
            self.elsewhere.append(url)

    @property
    def own_faults(self) -> list[str]:
        """What went wrong, but for the browser's own lines on connections that failed."""
        return [fault for fault in self.faults if not any(mark in fault for mark in _NETWORK)]
