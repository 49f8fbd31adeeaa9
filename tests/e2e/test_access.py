"""The page for everyone: names, contrast, sizes, languages; checked by hand, in the spirit of axe."""

import itertools
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.clips import clip
from tests.e2e.conftest import Open
from tests.e2e.screen import Screen

pytestmark = pytest.mark.slow

STATIC = Path(__file__).parents[2] / "api_server" / "static"
PHONE = {"width": 360, "height": 740}
CHECKS = (Path(__file__).parent / "checks.js").read_text(encoding="utf-8")


def at_fault(page: Page, check: str) -> list[str]:
    """Return what a check of `checks.js` objects to."""
    found: list[str] = page.evaluate(f"{CHECKS.strip()}.{check}()")
    return found


def with_everything_shown(silent: Browser, open_page: Open, url: str, **options: object) -> Screen:
    """Open the page with a transcript, a message, unfinished words and the key field on it."""
    page = open_page(silent, url, **options)
    page.page.set_input_files("#file", [clip("tid").path, clip("tystnad").path])
    page.wait_for_facts("Klart")
    page.wait_for_facts("Inget tal hördes.", sheet=1)
    page.page.evaluate("""async () => {
      const { tell } = await import("/static/messages.js");
      tell("a", "refused", {}, { actions: [{ key: "retry", run() {} }] });
      tell("b", "back", {}, { kind: "info" });
      for (const id of ["key-field", "clock", "figures", "newest"]) document.getElementById(id).hidden = false;
      const pending = document.querySelector(".pending");
      pending.hidden = false;
      pending.querySelector(".committed").textContent = "hej jag";
      pending.querySelector(".tentative").textContent = " heter";
    }""")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_told_from_its_background(
    silent: Browser, open_page: Open, api_server_url: str, scheme: str
) -> None:
    """Every visible text has a contrast of 4.5 at least (WCAG 2.2, 1.4.3), while it records as well."""
    page = with_everything_shown(silent, open_page, api_server_url, color_scheme=scheme)
    assert at_fault(page.page, "faint") == []
    page.page.evaluate("document.body.dataset.phase = 'recording'")
    assert at_fault(page.page, "faint") == []


def test_everything_has_a_name(silent: Browser, open_page: Open, api_server_url: str) -> None:
    """Controls, pictures and the meter say what they are; ids are unique; headings go down one step at a time."""
    page = with_everything_shown(silent, open_page, api_server_url).page
    assert at_fault(page, "unnamed") == []
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map((one) => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert page.locator("main").count() == 1


def test_only_finished_lines_are_read_aloud(silent: Browser, open_page: Open, api_server_url: str) -> None:
    """Unfinished words change too often; a recording's lines are polite; a file's come in hundreds."""
    page = open_page(silent, api_server_url)
    page.speak()
    page.wait_for_phase("recording")
    sheet = page.page.locator(".sheet").first
    assert sheet.locator(".lines").get_attribute("aria-live") == "polite"
    assert sheet.locator(".lines").get_attribute("role") == "log"
    assert sheet.locator(".pending").get_attribute("aria-live") == "off"
    page.speak()
    page.wait_for_phase("idle")


def test_it_fits_a_phone(silent: Browser, open_page: Open, api_server_url: str) -> None:
    """Nothing sticks out to the side, down to 320 pixels, and every control is large enough for a thumb."""
    page = with_everything_shown(silent, open_page, api_server_url, viewport=PHONE, has_touch=True).page
    assert at_fault(page, "small") == []
    for width in (360, 320):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_it_keeps_still_for_those_who_want_that(silent: Browser, open_page: Open, api_server_url: str) -> None:
    """With reduced motion nothing is animated."""
    page = with_everything_shown(silent, open_page, api_server_url, reduced_motion="reduce").page
    assert page.evaluate("document.getAnimations().length") == 0
    assert page.evaluate("getComputedStyle(document.querySelector('.dot')).animationName") == "none"


@pytest.mark.parametrize(("locale", "language"), [("sv-SE", "sv"), ("en-GB", "en"), ("nb-NO", "sv"), ("fi-FI", "sv")])
def test_the_page_speaks_the_browsers_language(
    silent: Browser, open_page: Open, api_server_url: str, locale: str, language: str
) -> None:
    """Swedish or English; Swedish for everybody else; `lang` says which."""
    page = open_page(silent, api_server_url, locale=locale).page
    assert page.locator("html").get_attribute("lang") == language
    assert button(page) == {"sv": "Börja tala", "en": "Start speaking"}[language]


def test_the_chosen_language_stays(silent: Browser, open_page: Open, api_server_url: str) -> None:
    """Every text follows the switch, sheets that are there already too, and it outlives a reload."""
    page = with_everything_shown(silent, open_page, api_server_url).page
    page.get_by_role("button", name="English").click()
    assert button(page) == "Start speaking"
    assert page.locator(".sheet .facts").first.inner_text() == "Done"
    assert page.locator("[data-do=srt]").first.get_attribute("aria-label") == "Download as subtitles, SRT"
    assert page.locator("#language option").first.inner_text() == "Swedish"
    assert page.get_by_role("button", name="English").get_attribute("aria-pressed") == "true"
    page.reload()
    page.wait_for_selector("html[data-loaded]")
    assert button(page) == "Start speaking"


def test_the_demonstration_model_is_named_as_such(silent: Browser, open_page: Open, api_server_url: str) -> None:
    """Nobody takes the bundled model's text for the system's best."""
    page = open_page(silent, api_server_url).page
    assert "WHISPER_MODEL=KBLab/kb-whisper-small" in page.locator("#demonstration").inner_text()


def test_both_languages_say_everything(silent: Browser, open_page: Open, api_server_url: str) -> None:
    """The same keys with the same values to fill in, and every key that the page asks for."""
    page = open_page(silent, api_server_url).page
    strings: dict[str, dict[str, str]] = page.evaluate("async () => (await import('/static/strings.js')).STRINGS")
    holes = {
        language: {key: sorted(re.findall(r"\{\w+\}", text)) for key, text in said.items()}
        for language, said in strings.items()
    }
    assert holes["sv"] == holes["en"]
    markup = (STATIC / "index.html").read_text(encoding="utf-8")
    asked = set(re.findall(r'data-(?:say|aria-label|title)="(\w+)"', markup))
    assert asked <= set(strings["sv"])
    for key, said in re.findall(r'data-say="(\w+)"[^>]*>([^<]+)<', markup):
        assert said == strings["sv"][key], json.dumps(key)


def button(page: Page) -> str:
    """Return what the large button says."""
    return page.locator("#speak").inner_text().strip()
