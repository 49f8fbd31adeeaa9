"""What an exception of the libraries means: told by the names of its classes, so that none of them is imported; pure.

The names are those of huggingface_hub 1, httpx, requests, torch and PyYAML, tried with pyannote.audio 4.0.7.
"""

import errno

from batch_worker.pipeline.speakers import faults

_BY_NAME: tuple[tuple[frozenset[str], type[faults.Undiarized]], ...] = (
    (frozenset({"MemoryError"}), faults.OutOfMemory),
    (frozenset({"GatedRepoError", "RepositoryNotFoundError"}), faults.TokenRefused),
    (frozenset({"OfflineModeIsEnabled", "HFValidationError", "EntryNotFoundError"}), faults.ModelMissing),
    (frozenset({"ConnectionError", "TransportError", "ConnectError", "Timeout", "HTTPError"}), faults.HubUnreachable),
    (frozenset({"ImportError"}), faults.PackageMissing),
    (frozenset({"FileNotFoundError", "NotADirectoryError", "IsADirectoryError"}), faults.ModelMissing),
    (frozenset({"InvalidRequest"}), faults.Unreadable),
)
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_ALLOCATION = ("can't allocate memory", "not enough memory", "bad_alloc", "start new thread")


def code_of(error: BaseException, *, offline: bool, loading: bool) -> str:
    """Return the code (as in `faults`) of an exception.

    `offline`: the hub was not to be asked; `loading`: it happened before there was a model.
    """
    names = {kind.__name__ for kind in type(error).__mro__}
    if "LocalEntryNotFoundError" in names:  # the same exception for no network and for none wanted
        return (faults.ModelMissing if offline else faults.HubUnreachable).code
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return faults.NoScratch.code
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return faults.OutOfMemory.code
    if any(sign in str(error).casefold() for sign in _ALLOCATION):
        return faults.OutOfMemory.code
    otherwise = faults.ModelBroken if loading else faults.Undiarized
    return next((kind for known, kind in _BY_NAME if known & names), otherwise).code
