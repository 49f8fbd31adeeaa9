"""What `doctor` looks at. Each check takes what it needs and returns what it found and how to mend it."""

import importlib.util
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from svenska.address import LOOPBACK
from svenska.sources import RECORDERS

State = Literal["ok", "warning", "fault"]
GIGABYTE = 10**9
_LOW_DISK = 5 * GIGABYTE
_FULL_DISK = GIGABYTE // 2
_PACKAGES = {
    "api": ("ctranslate2", "faster_whisper", "psutil", "threadpoolctl"),
    "batch": ("aiosqlite", "httpx_sse", "presidio_analyzer", "py3langid"),
}


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
        fix="Correct it in the environment or in .env; see .env.example.",
        values={"faults": "; ".join(faults)},
    )


def keys(count: int, hosts: Sequence[str]) -> Finding:
    """Check that what others can reach asks for a key."""
    if count:
        return Finding(check="API_KEYS", state="ok", found="{count} set.", values={"count": count})
    if all(host in LOOPBACK for host in hosts):
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
        values={"folder": folder.absolute(), "free": free / GIGABYTE},
    )


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
