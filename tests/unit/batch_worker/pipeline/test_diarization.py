"""Around the child that listens: what is refused at the start, what exceptions mean, what is said over the pipe."""

import errno
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from batch_worker.pipeline.base import Setup
from batch_worker.pipeline.speakers import faults, listening
from batch_worker.pipeline.speakers.child import rarely
from batch_worker.pipeline.speakers.diagnosis import code_of
from batch_worker.pipeline.speakers.messages import (
    Done,
    Fault,
    Progress,
    Reply,
    Request,
    Spoke,
    reply_from,
    reply_line,
    request_from,
    request_line,
)
from batch_worker.pipeline.speakers.model_place import complaint
from batch_worker.pipeline.speakers.turns import Turn
from batch_worker.pipeline.speakers.waveform import waveform
from batch_worker.pipeline.stages import diarization
from shared.audio import SAMPLE_RATE
from shared.errors import EmptyAudio, StartupError, UnsupportedAudio
from tests import clips

HUB_ID = "pyannote/speaker-diarization-community-1"


def raised(*names: str, message: str = "") -> Exception:
    """Return an exception whose classes have these names, the last one's parent being `Exception`."""
    kind: type[Exception] = Exception
    for name in reversed(names):
        kind = type(name, (kind,), {})
    return kind(message)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ModuleNotFoundError("No module named 'torch'"), "dependency_missing"),
        (raised("GatedRepoError", "RepositoryNotFoundError", "HfHubHTTPError", "HTTPError"), "token_refused"),
        (raised("RepositoryNotFoundError", "HfHubHTTPError", "HTTPError"), "token_refused"),
        (raised("LocalEntryNotFoundError", "FileNotFoundError"), "hub_unreachable"),
        (raised("ConnectError", "TransportError"), "hub_unreachable"),
        (raised("HfHubHTTPError", "HTTPError"), "hub_unreachable"),
        (ConnectionResetError(), "hub_unreachable"),
        (raised("HFValidationError", "ValueError"), "model_missing"),
        (raised("EntryNotFoundError", "HfHubHTTPError", "HTTPError"), "model_missing"),
        (FileNotFoundError(), "model_missing"),
        (raised("UnpicklingError"), "model_broken"),
        (KeyError("pyannote.audio"), "model_broken"),
        (MemoryError(), "out_of_memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried …"), "out_of_memory"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "out_of_memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "no_scratch_space"),
        (UnsupportedAudio("no audio"), "unreadable_recording"),
    ],
)
def test_exceptions_are_known_by_their_names(error: Exception, code: str):
    """While the model is loaded."""
    assert code_of(error, offline=False, loading=True) == code


def test_what_nobody_foresaw_depends_on_when_it_happened():
    """Before there was a model it is the model's fault, later the recording's."""
    assert code_of(ValueError(), offline=False, loading=True) == "model_broken"
    assert code_of(ValueError(), offline=False, loading=False) == "diarization_failed"


def test_offline_a_missing_file_is_no_missing_network():
    """The hub's client raises the same for both."""
    error = raised("LocalEntryNotFoundError", "FileNotFoundError")
    assert code_of(error, offline=True, loading=True) == "model_missing"


def test_the_tree_in_the_docstring_has_every_code():
    """And every error says who was not told apart, and ends as a sentence."""
    kinds = [kind for kind in vars(faults).values() if isinstance(kind, type) and issubclass(kind, faults.Undiarized)]
    assert len(kinds) == 11
    for kind in kinds:
        assert f"{kind.__name__} " in (faults.__doc__ or "")
        assert kind.code in (faults.__doc__ or "")
        assert kind().message.startswith("Speakers were not told apart")
        assert kind().message.endswith(".")


@pytest.mark.parametrize(
    "reply",
    [
        Progress(fraction=0.5),
        Spoke(turn=Turn(start=0.1, end=2.0, speaker="x")),
        Done(duration=3.5),
        Fault(code="model_missing", reason="nowhere\nto be found"),
    ],
)
def test_replies_come_back_equal(reply: Reply):
    """Each as one line."""
    line = reply_line(reply)
    assert line.count("\n") == 1
    assert reply_from(line) == reply


@pytest.mark.parametrize("line", ["", "x", "[]", "{}", '{"type": "Song"}', '{"type": "Spoke", "turn": 3}', '"Done"'])
def test_what_is_no_reply_is_refused(line: str):
    """As a `ValueError`, whatever it is."""
    with pytest.raises(ValueError, match=r"."):
        reply_from(line)


def test_requests_come_back_equal():
    """As one line."""
    request = Request(
        recording="å b.wav", model="m", token=None, min_speakers=1, max_speakers=None, threads=1, memory_mb=0,
        scratch=".", parent=7,
    )  # fmt: skip
    assert request_from(request_line(request)) == request


def test_a_recording_becomes_samples_that_leave_nothing_behind(tmp_path: Path):
    """As many as its seconds at 16 kHz, in a file without a name."""
    clip = clips.clip("tid")
    with waveform(clip.path, tmp_path) as samples:
        assert samples.size == pytest.approx(clip.duration * SAMPLE_RATE, rel=0.01)
        assert samples.dtype == "float32"
        assert 0.01 < abs(samples).max() <= 1
        assert list(tmp_path.iterdir()) == []


def test_a_recording_without_sound_is_refused(tmp_path: Path):
    """Zero samples are no recording."""
    empty = tmp_path / "empty.wav"
    header = b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80>\0\0\0}\0\0\x02\0\x10\0data\0\0\0\0"
    empty.write_bytes(header)
    with pytest.raises((EmptyAudio, UnsupportedAudio)), waveform(empty, tmp_path):
        pass


@pytest.mark.parametrize(
    ("model", "token", "environment", "says"),
    [
        ("/nowhere/model", None, {}, "DIARIZATION_MODEL: expected a folder"),
        ("./nowhere", "hf_x", {}, "DIARIZATION_MODEL: expected a folder"),
        (HUB_ID, None, {}, "HF_TOKEN: expected a token"),
        (HUB_ID, "hf_x", {}, None),
        (HUB_ID, "hf_x", {"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE"),
        ("somebody/model", None, {}, None),
    ],
)
def test_a_model_that_cannot_be_had_is_told(
    model: str, token: str | None, environment: dict[str, str], says: str | None, tmp_path: Path
):
    """As far as that can be seen without asking anybody."""
    found = complaint(model, token, {"HF_HOME": str(tmp_path), **environment})
    assert found is None if says is None else says in (found or "")


def test_a_model_on_this_disk_needs_neither_token_nor_network(tmp_path: Path):
    """Whether it lies in a folder of its own or in the hub's cache."""
    snapshot = tmp_path / "hub" / "models--pyannote--speaker-diarization-community-1" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "config.yaml").touch()
    assert complaint(HUB_ID, None, {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}) is None
    assert complaint(str(snapshot), None, {}) is None


def versions(installed: dict[str, str]) -> Callable[[str], str]:
    """Return what tells versions, where only these packages are installed."""

    def version(name: str) -> str:
        if name not in installed:
            raise metadata.PackageNotFoundError(name)
        return installed[name]

    return version


@pytest.mark.parametrize(
    ("installed", "says"),
    [
        ({}, "pyannote.audio is not installed"),
        ({"pyannote.audio": "3.4.0", "torch": "2.13.0"}, "expected pyannote.audio 4, got 3.4.0"),
        ({"pyannote.audio": "4.0.7"}, "torch is not installed"),
    ],
)
def test_the_start_stops_where_a_package_is_missing(installed: dict[str, str], says: str):
    """With the command that helps and the setting that switches it off."""
    with pytest.raises(StartupError) as stopped:
        diarization.build(Setup(asr=None), versions(installed))
    for part in (says, "whisper-svenska[diarization]", "FEATURE_DIARIZATION=false"):
        assert part in stopped.value.message


def test_the_start_stops_where_the_model_is_missing(tmp_path: Path):
    """Before any job has to find out, and without a path in the message."""
    complete = versions({"pyannote.audio": "4.0.7", "torch": "2.13.0+cpu"})
    with pytest.raises(StartupError, match="DIARIZATION_MODEL: expected a folder") as stopped:
        diarization.build(Setup(asr=None, diarization_model=str(tmp_path)), complete)
    assert str(tmp_path) not in stopped.value.message
    (tmp_path / "config.yaml").touch()
    assert diarization.build(Setup(asr=None, diarization_model=str(tmp_path)), complete).name == "diarization"


def test_another_interpreter_may_have_the_packages(tmp_path: Path):
    """It has to be there; what is installed in it shows when it listens."""
    (tmp_path / "config.yaml").touch()
    setup = {"asr": None, "diarization_model": str(tmp_path)}
    assert diarization.build(Setup(**setup, diarization_python=sys.executable), versions({})).optional
    with pytest.raises(StartupError, match="DIARIZATION_PYTHON"):
        diarization.build(Setup(**setup, diarization_python=str(tmp_path / "python")), versions({}))


def test_progress_is_told_in_steps_and_as_a_sign_of_life():
    """A hundredth at a time; five seconds without such a step are a sign too, and it never goes back."""
    told, now = [], [0.0]
    progress = rarely(told.append, lambda: now[0])
    for seconds, fraction in [(0, 0.001), (1, 0.005), (2, 0.02), (3, 0.021), (7, 0.022), (8, 0.023), (13, 0.01)]:
        now[0] = float(seconds)
        progress(fraction)
    assert told == [0.02, 0.022, 0.022]


@pytest.mark.parametrize(("hours", "step"), [(0.01, 1.0), (1.5, 1.0), (3, 2.0), (6, 4.0), (100, 7.5)])
def test_long_recordings_are_looked_at_in_as_many_windows_as_shorter_ones(hours: float, step: float):
    """Windows of ten seconds overlap less then, by a quarter at least; what is configured coarser stays so."""
    pipeline = SimpleNamespace(_segmentation=SimpleNamespace(step=1.0, duration=10.0))
    listening.bound(pipeline, hours * 3600)
    assert pipeline._segmentation.step == step
    pipeline._segmentation.step = 5.0
    listening.bound(pipeline, 60.0)
    assert pipeline._segmentation.step == 5.0
    listening.bound(SimpleNamespace(), 60.0)


def test_a_torchaudio_whose_libraries_want_cuda_is_imported_all_the_same(tmp_path: Path):
    """Its Python parts are; where there is none at all, nothing happens."""
    package = tmp_path / "torchaudio" / "_extension"
    package.mkdir(parents=True)
    (tmp_path / "torchaudio" / "__init__.py").write_text("from . import _extension", encoding="ascii")
    (package / "__init__.py").write_text("from .utils import _load_lib\nfound = _load_lib('x')", encoding="ascii")
    (package / "utils.py").write_text("def _load_lib(lib):\n    raise OSError('libcudart.so')", encoding="ascii")
    program = (
        "from batch_worker.pipeline.speakers.listening import leave_torchaudio_native_code_out as leave\n"
        "leave()\nimport sys\nsys.path.insert(0, sys.argv[1])\nleave()\nimport torchaudio\n"
        "print(torchaudio._extension.found)"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["False"], done.stderr


def test_neither_the_service_nor_the_stage_imports_torch():
    """On or off, all that is heavy is the child's: this process stays as it would be without the packages."""
    program = (
        "import sys, batch_worker.app, batch_worker.pipeline.stages.diarization\n"
        "print([name for name in sys.modules if name.split('.')[0] in {'torch', 'pyannote', 'torchaudio'}])\n"
        "print([name for name in sys.modules if name.endswith(('speakers.listening', 'speakers.waveform'))])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "[]"]
