"""What `doctor` says of OUTAGE_SECONDS: long enough for a restart, and within the time that a job has."""

from svenska.checks import Finding

_RESTART_SECONDS = 60
"""What a start may take while a large model is read from a slow disk."""


def outage(seconds: float, worker_timeout: float) -> Finding:
    """Judge it against a restart of the api_server and WORKER_TIMEOUT, all in seconds."""
    values = {"seconds": seconds, "timeout": worker_timeout}
    if seconds < _RESTART_SECONDS:
        return Finding(
            check="OUTAGE_SECONDS",
            state="warning",
            found="Jobs wait {seconds:g} s for an api_server that is away; a restart may take longer.",
            fix="Set it to 600, or to as long as it may take to bring the api_server back.",
            values=values,
        )
    if seconds >= worker_timeout:
        return Finding(
            check="OUTAGE_SECONDS",
            state="warning",
            found="{seconds:g} s are not less than WORKER_TIMEOUT, {timeout:g} s, which ends a job first.",
            fix="Raise WORKER_TIMEOUT, or lower OUTAGE_SECONDS.",
            values=values,
        )
    return Finding(
        check="OUTAGE_SECONDS",
        state="ok",
        found="Jobs wait {seconds:g} s for an api_server that is away.",
        values=values,
    )
