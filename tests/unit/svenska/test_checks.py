"""What `doctor` finds, and what it says to do about it."""

import os
from pathlib import Path

import pytest

from api_server.engine.whisper import BUNDLED
from svenska import check_model, check_service, checks, doctor
from svenska.address import Address
from svenska.check_service import Asked
from svenska.checkup import Configured, findings
from svenska.client import refusal, unreachable

GIGABYTE = 10**9
HERE = Address(url="http://127.0.0.1:8123")
THERE = Address(url="http://asr:8123", named=True)


def _asked(address: Address) -> Asked:
    return Asked(check="api_server", address=address, listing="/models", place="SVENSKA_SERVER")


def _nowhere(_name: str) -> None:
    return None


def test_missing_packages_are_named_with_the_command_that_brings_them():
    """All of them at once."""
    finding = checks.packages("api", lambda name: name != "faster_whisper")
    assert finding.state == "fault"
    assert finding.found.format(**finding.values) == "Not installed: faster_whisper."
    assert finding.fix.format(**finding.values) == "pip install 'whisper-svenska[api]'"
    assert checks.packages("batch", lambda _name: True).state == "ok"


def test_wrong_settings_are_repeated_as_the_service_says_them():
    """A line each."""
    assert checks.settings("api_server", []).state == "ok"
    finding = checks.settings("api_server", ["API_PORT: a valid integer; got 'x'"])
    assert finding.state == "fault"
    assert "API_PORT" in finding.found.format(**finding.values)


@pytest.mark.parametrize(
    ("count", "hosts", "state"),
    [
        (0, ["127.0.0.1", "localhost"], "ok"),
        (0, ["127.0.0.1", "0.0.0.0"], "warning"),
        (2, ["0.0.0.0"], "ok"),
    ],
)
def test_services_open_to_others_should_ask_for_a_key(count: int, hosts: list[str], state: str):
    """On this machine alone they need none."""
    assert checks.keys(count, hosts).state == state


@pytest.mark.parametrize(("free", "state"), [(0.4, "fault"), (4.9, "warning"), (5, "ok")])
def test_room_on_the_disk_is_judged(free: float, state: str):
    """Below half a gigabyte uploads begin to fail."""
    finding = checks.room(Path("data"), round(free * GIGABYTE))
    assert finding.state == state
    assert bool(finding.fix) == (state != "ok")


def test_a_data_folder_that_is_not_there_yet_is_judged_by_what_it_will_be_in(tmp_path: Path):
    """And nothing is made or left."""
    assert checks.disk(tmp_path / "not" / "yet").check == "DATA_DIR"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_folder_without_the_right_to_write_is_a_fault(tmp_path: Path):
    """The first upload would fail."""
    tmp_path.chmod(0o500)
    assert checks.disk(tmp_path).state == "fault"


def test_a_file_in_the_place_of_the_data_folder_is_a_fault(tmp_path: Path):
    """Nothing can be written below it."""
    (tmp_path / "data").touch()
    assert checks.disk(tmp_path / "data").state == "fault"


@pytest.mark.parametrize(
    ("name", "state"),
    [*((name, "warning") for name in BUNDLED), ("/no/such/folder", "fault"), ("./none", "fault"), ("small", "warning")],
)
def test_a_model_that_is_not_here_is_told(name: str, state: str):
    """With a name that would work; one from the hub is only fetched first."""
    finding = check_model.model(name, _nowhere)
    assert finding.state == state
    assert finding.fix


def test_a_model_folder_must_be_whole(tmp_path: Path):
    """Weights and tokenizer, named by folder or found in the cache of the hub."""
    (tmp_path / "model.bin").write_bytes(bytes(10**7))
    finding = check_model.model(str(tmp_path), _nowhere)
    assert (finding.state, finding.values["missing"]) == ("fault", "tokenizer.json")
    (tmp_path / "tokenizer.json").touch()
    assert check_model.model(str(tmp_path), _nowhere).state == "ok"
    assert check_model.model("owner/name", lambda _name: tmp_path).state == "ok"


@pytest.mark.parametrize(("size", "memory", "state"), [(1, 8, "ok"), (3, 8, "ok"), (4, 8, "warning")])
def test_the_model_must_fit_twice(size: int, memory: int, state: str):
    """Once for speech and once for jobs, or BATCH_LANE=shared."""
    assert check_model.memory(size * GIGABYTE, memory * GIGABYTE).state == state


def test_a_service_that_is_away_is_a_fault_only_where_somebody_named_it():
    """A command line works without."""
    assert check_service.absent(_asked(HERE), unreachable(HERE)).state == "warning"
    assert check_service.absent(_asked(THERE), unreachable(THERE)).state == "fault"


@pytest.mark.parametrize(
    ("code", "status", "fix"),
    [("unauthorized", 401, "SVENSKA_API_KEY"), ("model_loading", 503, "Wait"), ("internal", 500, "log")],
)
def test_a_service_that_is_unwell_says_what_to_do(code: str, status: int, fix: str):
    """By what it answers."""
    failure = refusal({"error": {"code": code, "message": "No."}}, status=status)
    finding = check_service.absent(_asked(HERE), failure)
    assert finding.state == "fault"
    assert fix in finding.fix.format(**finding.values)


@pytest.mark.parametrize(
    ("address", "port", "found"), [(HERE, 9000, True), (HERE, 8123, False), (HERE, 0, False), (THERE, 9000, False)]
)
def test_a_service_set_to_another_port_than_commands_ask_is_told(address: Address, port: int, *, found: bool):
    """With the line that mends it; a port that the system chooses, and an address that was named, are left alone."""
    finding = check_service.elsewhere(_asked(address), "API_PORT", port)
    assert (finding is not None) == found
    if finding:
        assert finding.fix.format(**finding.values) == "export SVENSKA_SERVER=http://127.0.0.1:9000"


def test_something_else_in_the_place_of_a_service_is_named_as_such():
    """Its log would not be ours."""
    finding = check_service.absent(_asked(HERE), refusal(None, status=404))
    assert "port" in finding.fix


def test_a_recorder_is_wanted_but_not_needed():
    """`listen` hears files without one."""
    assert checks.recorder(lambda name: name if name == "arecord" else None).state == "ok"
    assert checks.recorder(_nowhere).state == "warning"


def test_settings_are_read_as_the_services_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """From the environment and `.env`; a wrong value is a line, and the other service's are still known."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("API_PORT=x\nBATCH_HOST=0.0.0.0\n")
    for name in ("API_PORT", "BATCH_HOST", "WHISPER_MODEL"):
        monkeypatch.delenv(name, raising=False)
    found = doctor.configuration()
    assert [len(found.faults[name]) for name in ("api_server", "batch_worker")] == [1, 0]
    assert found.faults["api_server"][0].startswith("API_PORT: ")
    assert found.values["batch_host"] == "0.0.0.0"
    assert "whisper_model" not in found.values


def test_an_address_that_cannot_be_read_is_a_finding_and_not_the_end_of_the_check_up():
    """The others are still looked at."""
    configured = Configured(values={"whisper_api_url": ("http://[", "http://127.0.0.1:1")})
    found = [one for one in findings(configured, HERE, HERE) if one.check == "WHISPER_API_URL"]
    assert [one.state for one in found] == ["fault", "fault"]
    assert "[" in found[0].found.format(**found[0].values)
    assert "WHISPER_API_URL" in found[1].fix.format(**found[1].values)
