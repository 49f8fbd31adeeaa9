"""Somebody drops a file on the page."""

import base64
import http.client
import math
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from api_server.engine.fake import FakeTranscriber
from tests.clips import clip
from tests.e2e import speech
from tests.e2e.conftest import Open
from tests.e2e.proxy import network
from tests.e2e.screen import PATIENCE
from tests.e2e.server import WINDOW, Brake, serving

pytestmark = pytest.mark.slow

SENTENCES = ("tid", "kundtjanst", "namn", "paus", "ogonblick", "adress", "mote")
DROP = """([name, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name));
  for (const type of ["dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  }
}"""
WATCH_PROGRESS = """() => {
  window.progress = [];
  new MutationObserver((changes) => {
    for (const { target } of changes) if (target.matches("progress[value]")) window.progress.push(target.value);
  }).observe(document.getElementById("sheets"), { subtree: true, attributeFilter: ["value"] });
}"""


@pytest.fixture(scope="module")
def conversation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording that the servers here decode in many windows."""
    return speech.write(tmp_path_factory.mktemp("speech") / "samtal.wav", SENTENCES, pause=0.0, after=0.0)


def transcribed(url: str, path: Path, form: str) -> str:
    """Return what the server itself makes of a file in another format."""
    boundary = uuid.uuid4().hex
    fields = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("language", "sv"), ("response_format", form))
    )
    file = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    body = (fields + file).encode() + path.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    connection.request("POST", "/transcribe", body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})
    return connection.getresponse().read().decode()


def test_a_dropped_file_becomes_text(silent: Browser, open_page: Open, api_server_url: str) -> None:
    """What is said in it stands on a sheet with its name."""
    page = open_page(silent, api_server_url)
    said = clip("mote")
    page.page.evaluate(DROP, [said.path.name, base64.b64encode(said.path.read_bytes()).decode()])
    page.wait_for_facts("Klart")
    assert page.page.locator(".sheet h2").inner_text() == said.path.name
    assert speech.error_rate(said.text, page.text) <= 0.15


def test_progress_is_shown_and_the_downloads_are_the_servers_own(
    silent: Browser, open_page: Open, conversation: Path, tmp_path: Path
) -> None:
    """The bar only grows; txt, srt and vtt are what the server writes of the same file, byte for byte."""
    odd = FakeTranscriber(" Är a < b & c --> d? ", window_seconds=WINDOW)
    with serving(tmp_path, transcriber=odd) as url:
        page = open_page(silent, url)
        page.page.evaluate(WATCH_PROGRESS)
        page.page.set_input_files("#file", conversation)
        page.wait_for_facts("Klart")
        progress = page.page.evaluate("window.progress")
        assert len(set(progress)) > 5
        assert progress == sorted(progress)
        for ending, form in (("txt", "text"), ("srt", "srt"), ("vtt", "vtt")):
            name, text = page.download(ending)
            assert name == f"samtal.{ending}"
            assert text == transcribed(url, conversation, form)


def test_a_file_can_be_cancelled(silent: Browser, open_page: Open, conversation: Path, tmp_path: Path) -> None:
    """After that no more lines come, and the file that waits has its turn."""
    brake = Brake()
    with serving(tmp_path, transcriber=FakeTranscriber(window_seconds=WINDOW, at_window=brake)) as url:
        page = open_page(silent, url)
        brake.pull()
        page.page.set_input_files("#file", [conversation, clip("tid").path])
        page.wait_for_facts("Skickar …")
        page.wait_for_facts("Väntar på sin tur", sheet=1)
        page.page.locator(".sheet .cancel").first.click()
        page.wait_for_facts("Avbruten")
        brake.release()
        page.wait_for_facts("Klart", sheet=1)
        assert page.page.locator(".sheet").first.locator(".lines .line").count() == 0


def test_a_file_survives_a_broken_connection(
    silent: Browser, open_page: Open, conversation: Path, tmp_path: Path
) -> None:
    """It goes on behind the last line: nothing is missing, nothing is there twice."""
    brake = Brake(at=6)
    with (
        serving(tmp_path, transcriber=FakeTranscriber(window_seconds=WINDOW, at_window=brake)) as url,
        network(url) as wire,
    ):
        page = open_page(silent, wire.url)
        page.page.set_input_files("#file", conversation)
        page.wait_for_lines(2)
        wire.cut()
        expect(page.page.locator(".facts")).to_contain_text("försöker igen", timeout=PATIENCE)
        brake.release()
        wire.mend()
        page.wait_for_facts("Klart")
        times = page.times
    assert times == [f"0:{second:02}" for second in range(0, len(times) * 2, 2)]
    assert len(times) == math.ceil(sum(clip(name).duration for name in SENTENCES) / WINDOW)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("brev.txt", b"Hej! Detta skall vara en text.", "inte ljud eller video"),
        ("tom.wav", b"", "inget ljud"),
    ],
)
def test_a_file_that_is_no_recording_is_explained(
    silent: Browser, open_page: Open, api_server_url: str, name: str, content: bytes, message: str
) -> None:
    """The message says what is wrong with it, and it can be tried again."""
    page = open_page(silent, api_server_url)
    page.page.set_input_files("#file", {"name": name, "mimeType": "audio/wav", "buffer": content})
    page.wait_for_message(f"file {name}", message)
    page.wait_for_facts("Det gick inte")
    page.page.get_by_role("button", name="Försök igen").click()
    page.wait_for_message(f"file {name}", message)


def test_text_outlives_a_reload(silent: Browser, open_page: Open, api_server_url: str) -> None:
    """The sheets are there again, their downloads too, until they are removed."""
    page = open_page(silent, api_server_url)
    page.page.set_input_files("#file", clip("tid").path)
    page.wait_for_facts("Klart")
    lines, srt = page.lines, page.download("srt")
    page.page.reload()
    page.wait_for_facts("Klart")
    assert page.lines == lines
    assert page.download("srt") == srt
    page.page.get_by_role("button", name="Ta bort").click()
    expect(page.page.locator("#welcome")).to_be_visible()
    page.page.reload()
    page.page.wait_for_selector("html[data-loaded]")
    assert page.lines == []


def test_a_file_without_speech_says_so(silent: Browser, open_page: Open, api_server_url: str) -> None:
    """Silence gives no line and no error."""
    page = open_page(silent, api_server_url)
    page.page.set_input_files("#file", clip("tystnad").path)
    page.wait_for_facts("Inget tal hördes.")
    assert page.lines == []
