"""What `doctor` looks at. Each check takes what it needs and returns what it found and how to mend it."""

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from svenska.address import Address
from svenska.client import Document, connected
from svenska.exits import Exit, Failure
from svenska.sources import RECORDERS

State = Literal["ok", "warning", "fault"]
_GIGABYTE = 10**9
_LOW_DISK = 5 * _GIGABYTE
_FULL_DISK = _GIGABYTE // 2
_PACKAGES = {
    "api": ("ctranslate2", "faster_whisper", "psutil", "threadpoolctl"),
    "batch": ("aiosqlite", "httpx_sse", "py3langid"),
}
_MODEL_FILES = ("model.bin", "tokenizer.json")


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What one check found."""

    check: str
    """What was looked at."""
    state: State
    """`warning`: it works, and the person should know; `fault`: something does not work."""
    found: str
    """One sentence in English, with `{values}`."""
    fix: str = ""
    """What to do; empty where there is nothing to mend."""
    values: Mapping[str, object] = field(default_factory=dict)
    """For both sentences."""


def packages(extra: str, is_there: Callable[[str], bool] | None = None) -> Finding:
    """Check that what an extra brings is installed."""
    is_there = is_there or (lambda name: importlib.util.find_spec(name) is not None)
    missing = [name for name in _PACKAGES[extra] if not is_there(name)]
    check = f"packages ({extra})"
    if not missing:
        return Finding(check=check, state="ok", found="All are installed.")
    return Finding(
        check=check,
        state="fault",
        found="Not installed: {missing}.",
        fix="pip install 'whisper-svenska[{extra}]'",
        values={"missing": ", ".join(missing), "extra": extra},
    )


def settings(service: str, faults: Sequence[str]) -> Finding:
    """Report the lines that a service would refuse to start with."""
    check = f"settings ({service})"
    if not faults:
        return Finding(check=check, state="ok", found="All values can be used.")
    return Finding(
        check=check,
        state="fault",
        found="{faults}",
        fix="Correct them in the environment or in .env; see .env.example.",
        values={"faults": "; ".join(faults)},
    )


def keys(count: int, hosts: Sequence[str]) -> Finding:
    """Check that what others can reach asks for a key."""
    if count:
        return Finding(check="API_KEYS", state="ok", found="{count} set.", values={"count": count})
    if all(host in {"127.0.0.1", "localhost", "::1"} for host in hosts):
        return Finding(check="API_KEYS", state="ok", found="None, and the services listen to this machine only.")
    return Finding(
        check="API_KEYS",
        state="warning",
        found="None, and other machines can reach the services.",
        fix="Set API_KEYS to one or several secrets, comma separated.",
    )


def disk(folder: Path) -> Finding:
    """Check that the data folder can be written to and has room."""
    there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
        free = shutil.disk_usage(there).free
    except OSError as error:
        return Finding(
            check="DATA_DIR",
            state="fault",
            found="{folder} cannot be written to ({reason}).",
            fix="Give this user the right to write there, or set DATA_DIR to another folder.",
            values={"folder": folder, "reason": error.strerror},
        )
    return room(folder, free)


def room(folder: Path, free: int) -> Finding:
    """Judge the free bytes of the data folder's disk."""
    state: State = "fault" if free < _FULL_DISK else "warning" if free < _LOW_DISK else "ok"
    return Finding(
        check="DATA_DIR",
        state=state,
        found="{folder}, {free:.1f} GB free.",
        fix="" if state == "ok" else "Make room, shorten RETENTION_HOURS, or set DATA_DIR to a larger disk.",
        values={"folder": folder.absolute(), "free": free / _GIGABYTE},
    )


def model(name: str, cached: Callable[[str], Path | None]) -> Finding:
    """Check that WHISPER_MODEL names something that can be loaded; `cached` finds a hub model on this disk."""
    if name == "bundled":
        return Finding(
            check="WHISPER_MODEL",
            state="warning",
            found="The bundled model, which is for demonstration: it knows synthetic voices only.",
            fix="WHISPER_MODEL=KBLab/kb-whisper-small (or -large, or a folder with any CTranslate2 Whisper)",
        )
    path = Path(name).expanduser()
    if path.is_dir():
        return _model_folder(name, path)
    if path.is_absolute() or name.startswith((".", "~")):
        return Finding(
            check="WHISPER_MODEL",
            state="fault",
            found="There is no folder {name}.",
            fix="Name a folder that is there, a size (small) or a hub id (KBLab/kb-whisper-small).",
            values={"name": name},
        )
    if (folder := cached(name)) is not None:
        return _model_folder(name, folder)
    return Finding(
        check="WHISPER_MODEL",
        state="warning",
        found="{name} is not on this disk yet: the first start fetches it, and needs the network for that.",
        fix="Start the api_server once while connected, or name a folder.",
        values={"name": name},
    )


def _model_folder(name: str, folder: Path) -> Finding:
    missing = [file for file in _MODEL_FILES if not (folder / file).is_file()]
    if missing:
        return Finding(
            check="WHISPER_MODEL",
            state="fault",
            found="{name} lacks {missing}.",
            fix="Convert it with ct2-transformers-converter and --copy_files tokenizer.json preprocessor_config.json.",
            values={"name": name, "missing": ", ".join(missing)},
        )
    size = (folder / "model.bin").stat().st_size / _GIGABYTE
    return Finding(
        check="WHISPER_MODEL",
        state="ok",
        found="{name}, {size:.2f} GB, on this disk.",
        values={"name": name, "size": size},
    )


def memory(model_bytes: int, available: int) -> Finding:
    """Judge whether the resident model, in memory once for speech and once for jobs, fits."""
    needed = 2 * model_bytes + _GIGABYTE // 2
    values = {"needed": needed / _GIGABYTE, "available": available / _GIGABYTE}
    if needed <= available:
        return Finding(
            check="memory",
            state="ok",
            found="{available:.1f} GB, of which up to {needed:.1f} are needed.",
            values=values,
        )
    return Finding(
        check="memory",
        state="warning",
        found="{available:.1f} GB, and up to {needed:.1f} are needed.",
        fix="Set BATCH_LANE=shared, which keeps the model in memory once, or choose a smaller model.",
        values=values,
    )


def memory_of_machine() -> int:
    """Return the bytes of memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def service(name: str, address: Address, listing: str) -> Finding:
    """Ask a service whether it lives, is ready and takes our key; `listing` is a path that asks for one."""
    values: dict[str, object] = {"url": address.url}
    with connected(address, silent_seconds=10) as client:
        try:
            health = client.call("GET", "/health")
        except Failure as failure:
            return absent(name, address, failure)
        try:
            client.call("GET", "/ready")
            client.call("GET", listing)
        except Failure as failure:
            return _unwell(name, failure, values)
    return Finding(check=name, state="ok", found="{what}", values={"what": _described(address, health)})


def absent(name: str, address: Address, failure: Failure) -> Finding:
    """Report a service that does not answer: only where the person named it, it had to be there."""
    if failure.code == "unreachable":
        fix = "svenska serve all" if address.loopback else "Start it there, or correct SVENSKA_SERVER."
        state: State = "fault" if address.named else "warning"
        return Finding(check=name, state=state, found="Nothing answers at {url}.", fix=fix, values={"url": address.url})
    return _unwell(name, failure, {"url": address.url})


def _unwell(name: str, failure: Failure, values: Mapping[str, object]) -> Finding:
    fix = {
        Exit.UNAUTHORIZED: "Set SVENSKA_API_KEY to one of the service's API_KEYS.",
        Exit.NOT_NOW: "Wait a little; if it stays so, its log says why.",
    }.get(failure.exit_code, "Look into its log.")
    return Finding(check=name, state="fault", found=failure.sentence, fix=fix, values={**values, **failure.values})


def _described(address: Address, health: Document) -> str:
    model_name = health.get("whisper_model")
    return f"{address.url}, {model_name}" if model_name else address.url


def recorder(which: Callable[[str], str | None] = shutil.which) -> Finding:
    """Check that `listen` can hear a microphone."""
    found = next((command[0] for command in RECORDERS if which(command[0])), None)
    if found:
        return Finding(check="microphone", state="ok", found="{found} records.", values={"found": found})
    return Finding(
        check="microphone",
        state="warning",
        found="No program that records is installed; `svenska listen` can hear files and pipes only.",
        fix="Install pulseaudio-utils (parec), alsa-utils (arecord) or sox.",
    )
