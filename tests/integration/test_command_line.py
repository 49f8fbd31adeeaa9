"""`svenska` as people run it: a process of its own, against the real services, with real speech."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import processes
from tests.clips import clip
from tests.processes import ROOT, Service

pytestmark = pytest.mark.slow

SPOKEN = clip("kundtjanst")
PAUSED = clip("paus")
SECONDS = 120
KEY = "hemlig nyckel"

Svenska = Callable[..., "subprocess.CompletedProcess[str]"]


def environment(**settings: str) -> dict[str, str]:
    """Return the environment of a command: no setting of this process, English."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", **settings}


@pytest.fixture
def svenska(tmp_path: Path) -> Svenska:
    """Run the command in an empty folder and return what it wrote and how it ended."""

    def command(*arguments: object, stdin: bytes = b"", **settings: str) -> "subprocess.CompletedProcess[str]":
        ended = subprocess.run(
            [sys.executable, "-m", "svenska", *map(str, arguments)],
            cwd=tmp_path,
            env=environment(**settings),
            input=stdin,
            capture_output=True,
            check=False,
            timeout=SECONDS,
        )
        out, err = ended.stdout.decode(), ended.stderr.decode()
        assert "Traceback" not in out + err, err
        return subprocess.CompletedProcess(ended.args, ended.returncode, out, err)

    return command


@pytest.fixture
def here(api_server_url: str) -> dict[str, str]:
    """The environment in which commands find the shared api_server."""
    return {"SVENSKA_SERVER": api_server_url}


@pytest.fixture
def both(api_server_url: str, batch_worker_url: str) -> dict[str, str]:
    """The environment in which commands find both shared services."""
    return {"SVENSKA_SERVER": api_server_url, "SVENSKA_JOBS_SERVER": batch_worker_url}


# --- transcribe


def test_a_recording_is_written_as_text(svenska: Svenska, here: dict[str, str]):
    """On standard output, and nothing on standard error."""
    ended = svenska("transcribe", SPOKEN.path, **here)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, SPOKEN.text + "\n", "")


def test_it_needs_no_service(svenska: Svenska):
    """The same text comes from this process."""
    ended = svenska("transcribe", "--local", SPOKEN.path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, SPOKEN.text + "\n", "")


@pytest.mark.parametrize(
    ("form", "begins"), [("srt", "1\n00:00:00,"), ("vtt", "WEBVTT\n\n00:00:00."), ("json", '{\n  "text": "')]
)
def test_every_format_is_the_services(svenska: Svenska, here: dict[str, str], form: str, begins: str):
    """With the text in it."""
    ended = svenska("transcribe", SPOKEN.path, "--format", form, **here)
    assert ended.stdout.startswith(begins)
    assert SPOKEN.text in ended.stdout


def test_standard_input_is_a_recording(svenska: Svenska, here: dict[str, str]):
    """As `curl … | svenska transcribe -`; and `-o -` is standard output, no file of that name."""
    for arguments in (["-"], ["-", "-o", "-"]):
        assert svenska("transcribe", *arguments, stdin=SPOKEN.path.read_bytes(), **here).stdout == SPOKEN.text + "\n"


def test_words_have_times(svenska: Svenska, here: dict[str, str]):
    """In JSON, where they were asked for."""
    found = json.loads(svenska("transcribe", SPOKEN.path, "--words", "--json", **here).stdout)
    assert [word["word"] for word in found["segments"][0]["words"]] == SPOKEN.text.split()


def test_many_recordings_become_files_and_are_not_done_twice(svenska: Svenska, here: dict[str, str], tmp_path: Path):
    """What is there is left alone, so that a run that was cut short can be run again."""
    pattern = str(SPOKEN.path.parent / "[kp]a*s*.flac"), str(SPOKEN.path)
    assert svenska("transcribe", *pattern, "-d", "out", "-f", "srt", **here).returncode == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"paus.srt", "kundtjanst.srt"}
    (tmp_path / "out" / "paus.srt").write_text("corrected by hand")
    again = svenska("transcribe", *pattern, "-d", "out", "-f", "srt", **here)
    assert again.stderr.count("is there already") == 2
    assert (tmp_path / "out" / "paus.srt").read_text() == "corrected by hand"
    assert svenska("transcribe", *pattern, "-d", "out", "-f", "srt", "--overwrite", **here).returncode == 0
    assert PAUSED.text.split(".")[0][:20] in (tmp_path / "out" / "paus.srt").read_text()


def test_one_bad_recording_does_not_keep_the_others_from_being_done(
    svenska: Svenska, here: dict[str, str], tmp_path: Path
):
    """Each that fails is one sentence; the exit code says that something did."""
    (tmp_path / "text.wav").write_text("Hej, jag är ingen inspelning. " * 20)
    (tmp_path / "empty.wav").touch()
    ended = svenska("transcribe", "missing.wav", "text.wav", ".", "empty.wav", SPOKEN.path, **here)
    assert ended.returncode == 3
    assert SPOKEN.text in ended.stdout
    sentences = ended.stderr.splitlines()
    assert [line.split(": ")[1] for line in sentences] == ["missing.wav", "text.wav", ".", "empty.wav"]
    assert str(tmp_path) not in ended.stderr


def test_with_json_every_recording_is_a_line(svenska: Svenska, here: dict[str, str]):
    """The failed ones too, in the services' shape."""
    ended = svenska("transcribe", "--json", SPOKEN.path, "missing.wav", **here)
    good, bad = map(json.loads, ended.stdout.splitlines())
    assert (good["file"], good["text"]) == (str(SPOKEN.path), SPOKEN.text)
    assert (bad["file"], bad["error"]["code"]) == ("missing.wav", "file_not_found")
    assert ended.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["--language", "xx"], 3, "language"),
        (["--model", "none"], 6, "none"),
        (["--server", "http://127.0.0.1:1"], 4, "serve all"),
        (["--output", "nowhere/\0/x"], 1, "written"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    svenska: Svenska, here: dict[str, str], arguments: list[str], code: int, word: str
):
    """That names what was wrong."""
    if "\0" in "".join(arguments):
        arguments = ["--output", str(SPOKEN.path / "x.txt")]
    ended = svenska("transcribe", SPOKEN.path, *arguments, **here)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert len(ended.stderr.splitlines()) == 1
    assert word in ended.stderr


def test_what_answers_there_may_be_something_else(svenska: Svenska, batch_worker_url: str):
    """The other service answers in its own way, or has no such path; neither is called a fault of the network."""
    ended = svenska("transcribe", SPOKEN.path, "--server", batch_worker_url)
    assert ended.returncode == 4
    assert "not the service" in ended.stderr
    listed = svenska("models", "list", "--server", batch_worker_url)
    assert listed.returncode == 4
    assert "--server" in listed.stderr


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A shell starts what runs in the background deaf to SIGINT, and whatever that starts: hear it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_a_transcription_at_once(here: dict[str, str], tmp_path: Path):
    """With the exit code that shells know, and without a traceback."""
    with subprocess.Popen(
        [sys.executable, "-m", "svenska", "transcribe", "-"],
        cwd=tmp_path,
        env=environment(**here),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(bytes(1_000_000))  # more than a pipe holds: it is being read once this is written
        process.send_signal(signal.SIGINT)
        said = process.stderr.read().decode()
        code = process.wait(SECONDS)
    assert code == 130
    assert "Traceback" not in said


# --- on a terminal


def test_a_person_sees_progress_and_then_only_the_text(here: dict[str, str], tmp_path: Path):
    """Bars are drawn and taken away; standard output that is a file gets the text alone."""
    primary, secondary = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "svenska", "transcribe", str(PAUSED.path)],
        cwd=tmp_path,
        env=environment(**here, TERM="xterm-256color"),
        stdout=subprocess.PIPE,
        stderr=secondary,
    ) as process:
        os.close(secondary)
        drawn = _drawn(primary)
        assert process.stdout is not None
        text = process.stdout.read().decode()
    assert " ".join(text.split()) == PAUSED.text
    assert "paus.flac" in drawn
    assert "━" in drawn


def test_a_person_sees_words_before_they_are_final(here: dict[str, str], tmp_path: Path):
    """Faint while they may still change."""
    primary, secondary = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "svenska", "listen", str(SPOKEN.path)],
        cwd=tmp_path,
        env=environment(**here, TERM="xterm-256color"),
        stdout=secondary,
        stderr=subprocess.DEVNULL,
    ):
        os.close(secondary)
        drawn = _drawn(primary)
    assert SPOKEN.text in drawn
    assert "\x1b[2;3m" in drawn


def _drawn(terminal: int) -> str:
    parts = []
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:  # the other end is closed
            part = b""
        if not part:
            os.close(terminal)
            return b"".join(parts).decode(errors="replace")
        parts.append(part)


# --- listen


def test_a_recording_is_listened_to(svenska: Svenska, here: dict[str, str]):
    """A line for each utterance, with its time where asked for."""
    ended = svenska("listen", PAUSED.path, "--fast", **here)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert " ".join(ended.stdout.split()) == PAUSED.text
    assert len(ended.stdout.splitlines()) == 2
    assert svenska("listen", PAUSED.path, "--fast", "--times", **here).stdout.startswith("[00:00:0")


def test_listening_needs_no_service_either(svenska: Svenska):
    """The stream is this process's own."""
    assert svenska("listen", SPOKEN.path, "--local").stdout == SPOKEN.text + "\n"


def test_a_program_gets_every_event(svenska: Svenska, here: dict[str, str]):
    """As the WebSocket sends them, unfinished text too."""
    ended = svenska("listen", SPOKEN.path, "--json", **here)
    types = [json.loads(line)["type"] for line in ended.stdout.splitlines()]
    assert types[:2] == ["ready", "speech_started"]
    assert types[-2:] == ["final", "done"]
    assert "partial" in types


def test_a_pipe_is_listened_to(svenska: Svenska, here: dict[str, str]):
    """Raw PCM, from any program that records."""
    assert svenska("listen", "-", stdin=_pcm(), **here).stdout == SPOKEN.text + "\n"


def _pcm() -> bytes:
    from shared.audio import decode  # noqa: PLC0415

    return (decode(SPOKEN.path, max_seconds=60).samples * 32_767).astype("<i2").tobytes()


def test_a_microphone_is_listened_to_until_ctrl_c(here: dict[str, str], tmp_path: Path):
    """The recorder's audio becomes text, Ctrl-C ends the recorder too, and the exit code is a success."""
    path = f"{_recorder(tmp_path)}{os.pathsep}{os.environ['PATH']}"
    with subprocess.Popen(
        [sys.executable, "-m", "svenska", "listen", "--json"],
        cwd=tmp_path,
        env=environment(**here, PATH=path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        events = []
        for line in process.stdout:
            events.append(json.loads(line))
            if events[-1]["type"] == "final":
                process.send_signal(signal.SIGINT)
    assert process.returncode == 0
    assert [one["text"] for one in events if one["type"] == "final"] == [SPOKEN.text]
    recorder = int((tmp_path / "recorder.pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(recorder, 0)


def _recorder(folder: Path) -> Path:
    """Return a folder with a `parec` that records what was spoken, then silence for as long as anybody listens."""
    (folder / "spoken.pcm").write_bytes(_pcm() + bytes(16_000 * 2 * 3))
    (folder / "bin").mkdir()
    script = folder / "bin" / "parec"
    script.write_text(f"#!/bin/sh\necho $$ > {folder}/recorder.pid\ncat {folder}/spoken.pcm\nexec sleep {SECONDS}\n")
    script.chmod(0o700)
    return script.parent


def test_a_recorder_that_fails_is_told_in_its_own_words(svenska: Svenska, here: dict[str, str], tmp_path: Path):
    """As one sentence."""
    recorder = _recorder(tmp_path) / "parec"
    recorder.write_text("#!/bin/sh\necho 'Connection failure: refused' >&2\nexit 1\n")
    ended = svenska("listen", PATH=f"{recorder.parent}{os.pathsep}{os.environ['PATH']}", **here)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Connection failure: refused" in ended.stderr


def test_ctrl_c_ends_listening_with_the_last_words(here: dict[str, str], tmp_path: Path):
    """What was heard until then is written, and the exit code is a success."""
    process = subprocess.Popen(
        [sys.executable, "-m", "svenska", "listen", "--json", str(PAUSED.path)],
        cwd=tmp_path,
        env=environment(**here),
        stdout=subprocess.PIPE,
        text=True,
    )
    events = []
    assert process.stdout is not None
    for line in process.stdout:
        events.append(json.loads(line)["type"])
        if events[-1] == "speech_started":
            process.send_signal(signal.SIGINT)
    assert process.wait(SECONDS) == 0
    assert events[-2:] == ["final", "done"]
    assert events.count("speech_started") == 1


@pytest.mark.parametrize(
    ("arguments", "code"), [(["--language", "xx"], 3), (["--model", "none"], 6), (["--server", "127.0.0.1:1"], 4)]
)
def test_a_stream_that_is_refused_is_one_sentence(
    svenska: Svenska, here: dict[str, str], arguments: list[str], code: int
):
    """With the same exit codes."""
    ended = svenska("listen", SPOKEN.path, "--fast", *arguments, **here)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert len(ended.stderr.splitlines()) == 1


# --- keys


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An api_server that asks for a key."""
    folder = tmp_path_factory.mktemp("locked")
    with processes.running("api_server", folder, API_KEYS=KEY, BATCH_LANE="shared") as service:
        yield service


@pytest.mark.parametrize(
    "command", [["transcribe", SPOKEN.path], ["listen", "--fast", SPOKEN.path], ["models", "list"]]
)
def test_a_key_is_asked_for_and_taken(svenska: Svenska, locked: Service, command: list[object]):
    """None and a wrong one are refused with one sentence that says how to give it."""
    for key in ({}, {"SVENSKA_API_KEY": "fel"}):
        ended = svenska(*command, SVENSKA_SERVER=locked.url, **key)
        assert (ended.returncode, ended.stdout) == (5, "")
        assert len(ended.stderr.splitlines()) == 1
        assert "SVENSKA_API_KEY" in ended.stderr
    assert svenska(*command, SVENSKA_SERVER=locked.url, SVENSKA_API_KEY=KEY).returncode == 0


# --- models


def test_models_are_listed(svenska: Svenska, here: dict[str, str]):
    """With the resident one first."""
    assert svenska("models", "list", **here).stdout.startswith("bundled\tresident\t")
    assert json.loads(svenska("models", "list", "--json", **here).stdout)["name"] == "bundled"
    assert svenska("models", "load", "bundled", **here).returncode == 0


@pytest.mark.parametrize(("command", "code"), [("load", 6), ("unload", 6)])
def test_a_model_that_is_not_there_is_one_sentence(svenska: Svenska, here: dict[str, str], command: str, code: int):
    """With the exit code of what is not found."""
    ended = svenska("models", command, "./none", **here)
    assert ended.returncode == code
    assert len(ended.stderr.splitlines()) == 1


# --- jobs


def test_a_job_from_submission_to_result(svenska: Svenska, both: dict[str, str]):
    """The id on standard output is what every other command takes."""
    job = svenska("jobs", "submit", SPOKEN.path, "--metadata", '{"möte": 7}', **both).stdout.strip()
    watched = svenska("jobs", "watch", job, **both)
    assert (watched.returncode, watched.stdout) == (0, "")
    assert SPOKEN.text in svenska("jobs", "result", job, "-f", "srt", **both).stdout
    assert "completed" in svenska("jobs", "show", job, **both).stdout
    assert json.loads(svenska("jobs", "show", job, "--json", **both).stdout)["metadata"] == {"möte": 7}
    assert f"{job}\tcompleted\t" in svenska("jobs", "list", "--status", "completed", **both).stdout


def test_watching_as_json_is_every_event(svenska: Svenska, both: dict[str, str]):
    """From the present state to the end."""
    ended = svenska("jobs", "submit", "--watch", "--json", SPOKEN.path, **both)
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert lines[0]["file"] == str(SPOKEN.path)
    assert lines[1]["event"] == "status"
    assert lines[-1]["data"].get("status", lines[-1]["event"]) == "completed"


def test_a_job_that_fails_fails_who_watches(svenska: Svenska, both: dict[str, str], tmp_path: Path):
    """With the job's own sentence; it can be tried again, and has no result."""
    (tmp_path / "text.wav").write_text("Hej, jag är ingen inspelning. " * 20)
    ended = svenska("jobs", "submit", "--watch", "text.wav", **both)
    job = ended.stdout.strip()
    assert ended.returncode == 1
    assert "not audio" in ended.stderr
    assert svenska("jobs", "result", job, **both).returncode == 7
    assert svenska("jobs", "retry", job, **both).returncode == 0


def test_a_job_that_is_over_is_not_removed_by_cancelling(svenska: Svenska, both: dict[str, str]):
    """DELETE would remove its result."""
    job = svenska("jobs", "submit", "--watch", SPOKEN.path, **both).stdout.strip()
    assert svenska("jobs", "cancel", job, **both).returncode == 7
    assert svenska("jobs", "result", job, **both).returncode == 0


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["jobs", "show", "none"], 6),
        (["jobs", "result", "none"], 6),
        (["jobs", "watch", "none"], 6),
        (["jobs", "cancel", "none"], 6),
        (["jobs", "retry", "none"], 6),
        (["jobs", "submit", "missing.wav"], 3),
        (["jobs", "submit", SPOKEN.path, "--feature", "nonsense=on"], 3),
        (["jobs", "submit", SPOKEN.path, "--option", "beam_size=99"], 3),
        (["jobs", "list", "--server", "127.0.0.1:1"], 4),
    ],
)
def test_a_job_that_cannot_be_had_is_one_sentence(
    svenska: Svenska, both: dict[str, str], command: list[object], code: int
):
    """With an exit code that says which kind of mistake it was."""
    ended = svenska(*command, **both)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert len(ended.stderr.splitlines()) == 1


# --- doctor


def test_a_machine_that_is_well(svenska: Svenska, both: dict[str, str]):
    """The services are found; the demonstration model is the worst of it."""
    ended = svenska("doctor", "--json", **both)
    found = {line["check"]: line for line in map(json.loads, ended.stdout.splitlines())}
    assert ended.returncode == 0
    assert found["api_server"]["state"] == found["batch_worker"]["state"] == "ok"
    assert found["WHISPER_MODEL"]["state"] == "warning"
    assert all(line["fix"] for line in found.values() if line["state"] != "ok")


def test_a_machine_that_is_not(svenska: Svenska):
    """Everything that is wrong is said at once, each with what to do."""
    ended = svenska("doctor", SVENSKA_SERVER="127.0.0.1:1", API_PORT="x", WHISPER_MODEL="/nowhere")
    assert ended.returncode == 1
    assert "API_PORT" in ended.stdout
    assert ended.stdout.count("✗") >= 3
    assert "→" in ended.stdout


def test_what_stages_and_home_assistant_need_is_looked_at(svenska: Svenska, both: dict[str, str], tmp_path: Path):
    """Only where it is on: Wyoming's port, the patience of jobs, diarization's Python and model, the language model."""
    ended = svenska(
        "doctor",
        "--json",
        **both,
        WYOMING_PORT=str(processes.free_port()),
        OUTAGE_SECONDS="5",
        FEATURE_DIARIZATION="true",
        DIARIZATION_PYTHON=str(tmp_path / "python"),
        DIARIZATION_MODEL=str(tmp_path),
        FEATURE_SUMMARY="true",
        LLM_URL=both["SVENSKA_SERVER"],
        LLM_MODEL="none",
    )
    found = {line["check"]: line["state"] for line in map(json.loads, ended.stdout.splitlines())}
    assert ended.returncode == 1
    assert [found[name] for name in ("WYOMING_PORT", "OUTAGE_SECONDS")] == ["warning", "warning"]
    assert [found[name] for name in ("DIARIZATION_PYTHON", "DIARIZATION_MODEL", "LLM_MODEL")] == ["fault"] * 3
    usual = {json.loads(line)["check"] for line in svenska("doctor", "--json", **both).stdout.splitlines()}
    assert usual.isdisjoint({"WYOMING_PORT", "DIARIZATION_PYTHON", "DIARIZATION_MODEL", "LLM_MODEL", "LLM_URL"})


def test_home_assistant_is_found(svenska: Svenska, tmp_path: Path):
    """The api_server that was started with WYOMING_PORT answers there."""
    settings = {"WYOMING_PORT": str(processes.free_port()), "BATCH_LANE": "shared"}
    with processes.running("api_server", tmp_path / "api", **settings) as service:
        ended = svenska("doctor", "--json", "--server", service.url, **settings)
    found = {line["check"]: line["state"] for line in map(json.loads, ended.stdout.splitlines())}
    assert found["api_server"] == found["WYOMING_PORT"] == "ok"


# --- serve


def test_both_services_start_and_stop_together(svenska: Svenska, tmp_path: Path):
    """`serve all` answers on both ports, jobs find the api_server beside them, and it ends with 0 when told to stop."""
    api, batch = processes.free_port(), processes.free_port()
    settings = environment(DATA_DIR=str(tmp_path / "data"), BATCH_LANE="shared")
    process = _started("all", settings, tmp_path, "--api-port", str(api), "--batch-port", str(batch))
    try:
        _answers(process, f"http://127.0.0.1:{api}/ready")
        _answers(process, f"http://127.0.0.1:{batch}/ready")
        urls = {"SVENSKA_SERVER": f"127.0.0.1:{api}", "SVENSKA_JOBS_SERVER": f"127.0.0.1:{batch}"}
        assert svenska("jobs", "submit", "--watch", SPOKEN.path, **urls).returncode == 0
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(SECONDS)
    assert code == 0
    for port in (api, batch):
        with pytest.raises(OSError, match="refused"):
            processes.get(f"http://127.0.0.1:{port}/health")


def test_one_service_takes_its_port_from_the_command_line(tmp_path: Path):
    """And becomes the service, so that SIGTERM reaches it."""
    port = processes.free_port()
    process = _started("api", environment(DATA_DIR=str(tmp_path / "data")), tmp_path, "--port", str(port))
    try:
        _answers(process, f"http://127.0.0.1:{port}/health")
    finally:
        process.terminate()
        code = process.wait(SECONDS)
    assert code == 0


def test_a_service_that_cannot_start_ends_the_other(svenska: Svenska, free_port: int, tmp_path: Path):
    """With the reason of the one that could not, and a failure."""
    ended = svenska("serve", "all", API_PORT=str(free_port), MAX_QUEUE_SIZE="none", DATA_DIR=str(tmp_path / "data"))
    assert ended.returncode != 0
    assert "MAX_QUEUE_SIZE" in ended.stderr
    assert "batch_worker ended with 2" in ended.stderr


def _started(what: str, settings: dict[str, str], folder: Path, *options: str) -> "subprocess.Popen[bytes]":
    with (folder / "serve.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "svenska", "serve", what, *options],
            cwd=folder,
            env=settings,
            stdout=log,
            stderr=log,
        )


def _answers(process: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"ended with {process.returncode}"
        try:
            if processes.get(url)[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    pytest.fail(f"{url} does not answer")
