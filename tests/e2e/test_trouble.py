"""What a person is told when something stands in the way, and what is not lost meanwhile."""

import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect
from websockets.sync.client import connect

from tests.e2e import screen, speech
from tests.e2e.conftest import Open
from tests.e2e.proxy import network
from tests.e2e.server import serving

pytestmark = pytest.mark.slow

SAID = ("tid", "kundtjanst", "adress")
KEY = "en nyckel/med ovanliga tecken"


@pytest.fixture(scope="module")
def speaking(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser into whose microphone three sentences are spoken."""
    wav = speech.write(tmp_path_factory.mktemp("speech") / "said.wav", SAID)
    with screen.browser(playwright, speech=wav) as running:
        yield running


def test_a_refused_microphone_is_explained(playwright: Playwright, open_page: Open, api_server_url: str) -> None:
    """The message says how to allow it, in the page's language, and the page is ready for another try."""
    with screen.browser(playwright, allowed=False) as refusing:
        page = open_page(refusing, api_server_url)
        page.speak()
        page.wait_for_message("microphone", "Mikrofonen är inte tillåten")
        page.page.get_by_role("button", name="English").click()
        page.wait_for_message("microphone", "The microphone is not allowed")
        page.wait_for_phase("idle")
        page.page.context.close()


def test_a_full_server_is_explained(speaking: Browser, open_page: Open, tmp_path: Path) -> None:
    """The recording ends with a message; once there is a place the same button works."""
    with serving(tmp_path, clients=1) as url:
        page = open_page(speaking, url)
        with connect(url.replace("http", "ws") + "/ws/transcribe") as other:
            other.send('{"type": "start"}')
            other.recv()
            page.speak()
            page.wait_for_message("stream", "Servern är full just nu")
            page.wait_for_phase("idle")
        page.page.get_by_role("button", name="Försök igen").click()
        page.wait_for_lines(1)


@pytest.mark.parametrize("key", ["hemlig", KEY], ids=["token", "any characters"])
def test_a_key_is_asked_for_only_where_one_is_needed(
    speaking: Browser, open_page: Open, tmp_path: Path, key: str
) -> None:
    """Files and speech carry it once it is typed in; a wrong one is told; it outlives a reload of the page."""
    with serving(tmp_path, keys=key) as url:
        page = open_page(speaking, url)
        page.wait_for_message("server", "kräver en API-nyckel")
        page.page.fill("#key", "fel")
        page.page.keyboard.press("Enter")
        page.wait_for_message("server", "godtar inte nyckeln")
        page.page.fill("#key", key)
        page.page.keyboard.press("Enter")
        page.wait_for_message("server", "Nyckeln fungerar")
        expect(page.page.locator("#key-field")).to_be_hidden()
        page.speak()
        page.wait_for_lines(1)
        page.speak()
        page.wait_for_phase("idle")
        page.page.reload()
        page.page.wait_for_selector("html[data-loaded]")
        expect(page.page.locator("#model option")).to_have_count(1)


def test_no_key_is_asked_for_where_none_is_needed(silent: Browser, open_page: Open, api_server_url: str) -> None:
    """The field is not there."""
    page = open_page(silent, api_server_url)
    expect(page.page.locator("#key-field")).to_be_hidden()


def test_a_broken_connection_loses_no_word(speaking: Browser, open_page: Open, api_server_url: str) -> None:
    """The page says that it is gone and that it is back; every sentence is there, once and in order."""
    with network(api_server_url) as wire:
        page = open_page(speaking, wire.url)
        page.speak()
        page.wait_for_lines(1)
        page.wait_for_pending()
        wire.cut()
        expect(page.page.locator("#status")).to_contain_text("Ingen kontakt", timeout=screen.PATIENCE)
        page.page.wait_for_timeout(2000)  # somebody goes on talking
        wire.mend()
        page.wait_for_message("connection", "Anslutningen är tillbaka")
        page.wait_for_lines(len(SAID))
        page.speak()
        page.wait_for_phase("idle")
        assert speech.error_rate(speech.reference(SAID), page.text) <= 0.15
        assert len(page.lines) == len(SAID)
        assert page.times == sorted(page.times)


def test_stopping_without_a_connection_still_brings_the_rest(
    speaking: Browser, open_page: Open, api_server_url: str
) -> None:
    """What was said before the stop is written when the server is back."""
    with network(api_server_url) as wire:
        page = open_page(speaking, wire.url)
        page.speak()
        page.wait_for_pending()
        wire.cut()
        expect(page.page.locator("#status")).to_contain_text("Ingen kontakt", timeout=screen.PATIENCE)
        page.speak()
        page.wait_for_phase("stopping")
        wire.mend()
        page.wait_for_phase("idle")
        assert page.text.startswith("Jag")


def test_a_connection_that_dies_without_a_word_loses_none(
    speaking: Browser, open_page: Open, api_server_url: str
) -> None:
    """Nothing is refused and nothing arrives: the page notices by itself, and every sentence is there in the end."""
    with network(api_server_url) as wire:
        page = open_page(speaking, wire.url)
        page.speak()
        page.wait_for_lines(1)
        wire.hold()
        expect(page.page.locator("#status")).to_contain_text("Ingen kontakt", timeout=screen.PATIENCE)
        wire.mend()
        page.wait_for_lines(len(SAID))
        page.speak()
        page.wait_for_phase("idle")
        assert len(page.lines) == len(SAID)
        assert speech.error_rate(speech.reference(SAID), page.text) <= 0.15


def test_without_audio_worklet_a_break_is_survived_and_what_is_lost_is_said(
    speaking: Browser, open_page: Open, api_server_url: str
) -> None:
    """A webm stream cannot be taken up in its middle: the words on their way are lost with notice, later ones not."""
    with network(api_server_url) as wire:
        page = open_page(speaking, wire.url)
        page.page.evaluate("delete window.AudioWorkletNode")
        page.speak()
        page.wait_for_lines(1)
        page.wait_for_pending()
        wire.cut()
        expect(page.page.locator("#status")).to_contain_text("Ingen kontakt", timeout=screen.PATIENCE)
        wire.mend()
        page.wait_for_message("lost", "s ljud gick förlorat")
        expect(page.page.locator(".gap")).to_have_count(1)
        expect(page.page.locator(".lines")).to_contain_text("Malmö", timeout=screen.PATIENCE)
        page.speak()
        page.wait_for_phase("idle")
        assert page.times == sorted(page.times)


def test_sound_that_cannot_be_sent_can_be_saved(speaking: Browser, open_page: Open, api_server_url: str) -> None:
    """A server that does not come back: the page gives up at a press, and hands the sound out as a file."""
    with network(api_server_url) as wire:
        page = open_page(speaking, wire.url)
        page.speak()
        page.wait_for_pending()
        wire.cut()
        expect(page.page.locator("#status")).to_contain_text("Ingen kontakt", timeout=screen.PATIENCE)
        page.speak()
        page.wait_for_phase("stopping")
        page.speak()
        page.wait_for_message("stream", "kunde inte skickas")
        with page.page.expect_download() as started:
            page.page.get_by_role("button", name="Spara ljudet").click()
        with wave.open(str(started.value.path())) as saved:
            assert (saved.getframerate(), saved.getnchannels(), saved.getsampwidth()) == (16_000, 1, 2)
            assert saved.getnframes() > 16_000
            assert max(saved.readframes(saved.getnframes())) > 0


def test_an_insecure_page_says_why_there_is_no_microphone(
    silent: Browser, open_page: Open, api_server_url: str
) -> None:
    """Browsers hide the microphone from pages without https; files still work."""
    page = open_page(silent, api_server_url)
    page.page.evaluate("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    page.speak()
    page.wait_for_message("microphone", "säkra sidor")
    page.wait_for_phase("idle")


def test_a_microphone_that_gives_no_sound_is_noticed(
    playwright: Playwright, open_page: Open, api_server_url: str, tmp_path: Path
) -> None:
    """After some seconds of digital silence the page asks whether it is muted."""
    nothing = speech.write(tmp_path / "nothing.wav", ())
    with screen.browser(playwright, speech=nothing) as muted:
        page = open_page(muted, api_server_url)
        page.speak()
        page.wait_for_message("muted", "Inget ljud kommer från mikrofonen")
        page.speak()
        page.wait_for_phase("idle")
        page.wait_for_facts("Inget tal hördes.")
        page.page.context.close()
