"""Everything that keeps speakers from being told apart, each with what would help.

Upstream
└── Undiarized                diarization_failed
    ├── PackageMissing        dependency_missing
    ├── ModelMissing          model_missing
    ├── ModelBroken           model_broken
    ├── TokenRefused          token_refused
    ├── HubUnreachable        hub_unreachable
    ├── OutOfMemory           out_of_memory
    ├── NoScratch             no_scratch_space
    ├── Killed                process_killed
    ├── Unreadable            unreadable_recording
    └── NoRecording           no_recording
"""

from typing import ClassVar

from shared.errors import Upstream

INSTALL = (
    "install the extra `diarization` (`pip install 'whisper-svenska[diarization]'`, or build the image with "
    "`--build-arg DIARIZATION=true`), or let DIARIZATION_PYTHON name the Python of an environment that has it"
)


class Undiarized(Upstream):
    """Nobody was told apart; the transcript is as good as without."""

    code = "diarization_failed"
    sentence: ClassVar[str] = (
        "Speakers were not told apart: the model failed on this recording; the log has the reason."
    )

    def __init__(self) -> None:
        """Say the sentence of the class."""
        super().__init__(self.sentence)


class PackageMissing(Undiarized):
    """pyannote.audio 4 or torch cannot be imported."""

    code = "dependency_missing"
    sentence = f"Speakers were not told apart: pyannote.audio 4 cannot be loaded; {INSTALL}."


class ModelMissing(Undiarized):
    """The model, or a part of it, is not there."""

    code = "model_missing"
    sentence = (
        "Speakers were not told apart: the model is not there; let DIARIZATION_MODEL name a folder with a config.yaml "
        "and all that it refers to, or a hub id (and fetch it once with HF_TOKEN set and HF_HUB_OFFLINE unset)."
    )


class ModelBroken(Undiarized):
    """The files are not what they should be."""

    code = "model_broken"
    sentence = (
        "Speakers were not told apart: the files of DIARIZATION_MODEL are damaged or of another version; "
        "fetch the model again, one for pyannote.audio 4."
    )


class TokenRefused(Undiarized):
    """The hub does not hand the model out."""

    code = "token_refused"
    sentence = (
        "Speakers were not told apart: the hub refused the model; accept its conditions on its page there, and set "
        "HF_TOKEN to a token of the same account that may read it."
    )


class HubUnreachable(Undiarized):
    """The hub does not answer."""

    code = "hub_unreachable"
    sentence = (
        "Speakers were not told apart: the model is not on this disk and the hub does not answer; see to the network, "
        "or let DIARIZATION_MODEL name a folder."
    )


class OutOfMemory(Undiarized):
    """More memory was needed than may be taken."""

    code = "out_of_memory"
    sentence = (
        "Speakers were not told apart: it needs more memory than DIARIZATION_MEMORY_MB allows; raise it, or send the "
        "recording in parts."
    )


class NoScratch(Undiarized):
    """The decoded audio has no room."""

    code = "no_scratch_space"
    sentence = (
        "Speakers were not told apart: the disk has no room for the decoded audio (230 MB an hour); "
        "make room where DATA_DIR lies."
    )


class Killed(Undiarized):
    """The child was ended from outside."""

    code = "process_killed"
    sentence = (
        "Speakers were not told apart: the process that listens was killed, most likely because the machine ran out of "
        "memory; give it more, or let fewer jobs run at once (MAX_CONCURRENT_JOBS)."
    )


class Unreadable(Undiarized):
    """The recording cannot be decoded (any more)."""

    code = "unreadable_recording"
    sentence = "Speakers were not told apart: the recording could not be decoded; send it again in another format."


class NoRecording(Undiarized):
    """There is only a transcript."""

    code = "no_recording"
    sentence = "Speakers were not told apart: this job has no recording; send the audio instead of a transcript."


_BY_CODE: dict[str, type[Undiarized]] = {
    kind.code: kind
    for kind in (
        PackageMissing, ModelMissing, ModelBroken, TokenRefused, HubUnreachable, OutOfMemory, NoScratch, Unreadable,
    )
}  # fmt: skip


def fault(code: str) -> Undiarized:
    """Return the error that the child named."""
    return _BY_CODE.get(code, Undiarized)()
