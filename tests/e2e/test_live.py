"""Somebody speaks into the browser and reads the words."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.e2e import screen, speech
from tests.e2e.conftest import Open

pytestmark = pytest.mark.slow

SAID = ("tid", "kundtjanst")
WATCH_LEVEL = """() => {
  window.levels = [];
  const level = document.getElementById("level");
  new MutationObserver(() => window.levels.push(Number(level.getAttribute("aria-valuenow"))))
    .observe(level, { attributeFilter: ["aria-valuenow"] });
}"""
IN_VIEW = """() => {
  const last = [...document.querySelectorAll(".lines .line")].at(-1).getBoundingClientRect();
  return last.top >= 0 && last.bottom <= document.querySelector(".dock").getBoundingClientRect().top;
}"""
WITHOUT_WORKLET = "delete window.AudioWorkletNode"
REFUSES_16_KHZ = """
const connect = AudioContext.prototype.createMediaStreamSource;
AudioContext.prototype.createMediaStreamSource = function (stream) {
  if (this.sampleRate === 16000) throw new DOMException("another rate", "NotSupportedError");
  return connect.call(this, stream);
};
"""


@pytest.fixture(scope="module")
def speaking(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser into whose microphone two sentences are spoken."""
    wav = speech.write(tmp_path_factory.mktemp("speech") / "said.wav", SAID)
    with screen.browser(playwright, speech=wav) as running:
        yield running


def test_what_is_said_is_read_on_the_page(speaking: Browser, open_page: Open, api_server_url: str) -> None:
    """Unfinished words come first, then the right lines with times; the meter moves, the figures are there."""
    page = open_page(speaking, api_server_url)
    page.page.evaluate(WATCH_LEVEL)
    page.speak()
    page.wait_for_pending()
    page.wait_for_lines(len(SAID))
    assert speech.error_rate(speech.reference(SAID), page.text) <= 0.15
    levels = page.page.evaluate("window.levels")
    assert max(levels) > 40
    assert min(levels) < 10
    assert page.times[0] == "0:01"
    assert page.page.locator("#latency").inner_text().endswith("s")
    assert page.page.locator("#lag").inner_text().endswith("s")
    expect(page.page.locator("#status")).to_have_text("Lyssnar")
    page.speak()
    page.wait_for_phase("idle")
    page.wait_for_facts("Klart")
    assert len(page.lines) == len(SAID)


def test_stop_brings_the_last_words(speaking: Browser, open_page: Open, api_server_url: str) -> None:
    """Stopping in the middle of a sentence still gives that sentence its line."""
    page = open_page(speaking, api_server_url)
    page.speak()
    page.wait_for_pending()
    assert page.lines == []
    page.speak()
    page.wait_for_phase("idle")
    assert page.text.startswith("Jag")
    expect(page.page.locator(".pending")).to_be_hidden()


def test_microphones_are_listed_once_one_is_allowed(speaking: Browser, open_page: Open, api_server_url: str) -> None:
    """After the permission the list has names, and another microphone can be taken while it records."""
    page = open_page(speaking, api_server_url)
    page.speak()
    page.wait_for_phase("recording")
    names = page.page.locator("#microphone option")
    expect(names).not_to_have_count(1)
    page.page.select_option("#microphone", index=1)
    page.wait_for_lines(1)
    page.speak()
    page.wait_for_phase("idle")


def test_the_newest_words_stay_in_view(speaking: Browser, open_page: Open, api_server_url: str) -> None:
    """The page follows what is said, but not a reader who has gone back: that one is offered the way to the end."""
    page = open_page(speaking, api_server_url, viewport={"width": 360, "height": 520})
    newest = page.page.locator("#newest")
    page.speak()
    page.wait_for_lines(1)
    assert page.page.evaluate(IN_VIEW)
    expect(newest).to_be_hidden()
    page.page.mouse.wheel(0, -5000)
    page.page.wait_for_function("() => scrollY === 0")
    page.wait_for_lines(2)
    expect(newest).to_be_visible()
    assert page.page.evaluate("scrollY") == 0
    newest.click()
    expect(newest).to_be_hidden()
    assert page.page.evaluate(IN_VIEW)
    page.speak()
    page.wait_for_phase("idle")


@pytest.mark.parametrize("script", [WITHOUT_WORKLET, REFUSES_16_KHZ], ids=["MediaRecorder", "48 kHz"])
def test_browsers_that_cannot_do_it_the_best_way_do_it_another(
    speaking: Browser, open_page: Open, api_server_url: str, script: str
) -> None:
    """Without AudioWorklet webm is sent, without a context at 16 kHz the worklet resamples; the words are the same."""
    page = open_page(speaking, api_server_url)
    page.page.evaluate(f"() => {{ {script} }}")
    page.speak()
    page.wait_for_lines(len(SAID))
    page.speak()
    page.wait_for_phase("idle")
    assert speech.error_rate(speech.reference(SAID), page.text) <= 0.15


def test_a_recording_can_be_downloaded(speaking: Browser, open_page: Open, api_server_url: str) -> None:
    """Text and subtitles hold the lines of the page."""
    page = open_page(speaking, api_server_url)
    page.speak()
    page.wait_for_lines(1)
    page.speak()
    page.wait_for_phase("idle")
    name, text = page.download("txt")
    assert Path(name).suffix == ".txt"
    assert text.splitlines() == page.lines
    assert page.download("vtt")[1].startswith("WEBVTT\n\n00:00:0")


def test_the_page_can_be_used_by_keyboard_alone(speaking: Browser, open_page: Open, api_server_url: str) -> None:
    """Tab and Enter reach everything that speaking, stopping and downloading need."""
    page = open_page(speaking, api_server_url)
    keys = page.page.keyboard

    def tab_to(selector: str) -> None:
        for _ in range(40):
            keys.press("Tab")
            if page.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        pytest.fail(f"{selector} cannot be reached by keyboard")

    tab_to("#speak")
    outline = page.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    keys.press("Enter")
    page.wait_for_lines(1)
    keys.press("Enter")
    page.wait_for_phase("idle")
    tab_to("[data-do=srt]")
    with page.page.expect_download() as started:
        keys.press("Enter")
    assert started.value.suggested_filename.endswith(".srt")
