"""Everything that `doctor` looks at, in the order in which it is shown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from svenska import (
    check_asr,
    check_diarization,
    check_model,
    check_patience,
    check_service,
    check_summary,
    check_wyoming,
    checks,
)
from svenska.address import Address
from svenska.check_service import Asked
from svenska.checks import Finding


@dataclass(frozen=True, kw_only=True, slots=True)
class Configured:
    """The settings that the services would start with here."""

    values: Mapping[str, Any]
    """By name; only those of services whose settings can be used."""
    faults: Mapping[str, list[str]] = field(default_factory=dict)
    """By service: a line for each wrong value; none of a service that is not installed."""


def findings(configured: Configured, api: Address, jobs: Address) -> Iterator[Finding]:
    """Yield what each check finds; `api` and `jobs` are the services that commands would ask."""
    yield from map(checks.packages, ("api", "batch"))
    for service, faults in configured.faults.items():
        yield checks.settings(service, faults)
    values = configured.values
    hosts = [values[name] for name in ("api_host", "batch_host") if name in values]
    if hosts:
        yield checks.keys(len(values["api_keys"]), hosts)
        yield checks.disk(Path(values["data_dir"]).expanduser())
    if "whisper_model" in values:
        yield check_model.model(values["whisper_model"], check_model.cached)
        if (size := check_model.size(values["whisper_model"])) is not None:
            yield check_model.memory(size, check_model.memory_of_machine())
    yield from _services(values, api, jobs)
    if "feature_summary" in values:
        yield check_patience.outage(values["outage_seconds"], values["worker_timeout"])
        yield from _stages(values)
    yield checks.recorder()


def _services(values: Mapping[str, Any], api: Address, jobs: Address) -> Iterator[Finding]:
    """Yield what is found where commands ask, where the batch_worker asks, and where Home Assistant would."""
    asked = Asked(check="api_server", address=api, listing="/models", place="SVENSKA_SERVER")
    batch = Asked(check="batch_worker", address=jobs, listing="/queue/stats", place="SVENSKA_JOBS_SERVER")
    for one, setting in ((asked, "API_PORT"), (batch, "BATCH_PORT")):
        yield check_service.service(one)
        if setting.lower() in values and (apart := check_service.elsewhere(one, setting, values[setting.lower()])):
            yield apart
    if jobs.loopback:
        yield from check_asr.asr(values, check_asr.in_force(jobs), api)
    if values.get("wyoming_port"):
        taken = {name.upper(): values[name] for name in ("api_port", "batch_port") if name in values}
        yield check_wyoming.wyoming(values["wyoming_port"], values["api_host"], taken)


def _stages(values: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what is found of the stages that need something from elsewhere, where they are on."""
    if values["feature_diarization"]:
        yield check_diarization.python(values["diarization_python"])
        yield check_diarization.model(values["diarization_model"], token=bool(values["hf_token"].get_secret_value()))
        yield from check_diarization.room(values["diarization_threads"], values["diarization_memory_mb"])
    if values["feature_summary"]:
        url = values["llm_url"]
        yield check_summary.server(url, values["llm_model"], values["llm_api_key"].get_secret_value())
        if url:
            yield check_summary.privacy(url, redact=values["pii_redact_before_llm"])
