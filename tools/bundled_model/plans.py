"""How long and how fast each model learns."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How one model is trained."""

    model: str
    """A name in `SHAPES`."""
    minutes: float
    """How long in all, earlier runs counted."""
    peak: float = 6e-4
    """Learning rate before it falls."""
    fall: float = 0.45
    """Share of the time in which it falls to nothing."""
    ctc: float = 0.3
    """Weight of the CTC loss."""
    batch_frames: int = 9000
    """Mel frames a batch."""
    short_until: float = 0.0
    """Share of the time in which only clips of up to `short_frames` are read."""
    short_frames: int = 450
    usual_frames: int = 1300
    """Clips up to this are read always, longer ones at times."""
    longer: float = 0.15
    """Share of the longer clips that is read."""
    swedish: float = 1.0
    """Share of the Swedish clips that is read; of the other languages all are."""
    shown_until: float = 0.0
    """Share of the time in which the decoder is shown where in the clip each word is said."""
    teacher: str | None = None
    """A larger model under the same folder: what its encoder makes of the sound is learned too."""
    seed: int = 0
    save_every: float = 120.0
    """Seconds between checkpoints."""


def nano(minutes: float, seed: int) -> Plan:
    """Return the plan that goes on from a checkpoint that already follows the audio."""
    return Plan(
        model="nano-sv",
        minutes=minutes,
        seed=seed,
        peak=8e-4,
        fall=0.8,
        ctc=0.4,
        batch_frames=6000,
        usual_frames=1000,
        longer=0.3,
    )


def last(plan: Plan) -> Plan:
    """Return the plan of a last, gentler run on clips of all lengths, in which English is heard as often as Swedish."""
    return replace(plan, peak=3e-4, fall=1.0, swedish=0.3, short_until=0.0, shown_until=0.0)


def pico(minutes: float, seed: int) -> Plan:
    """Return the plan from nothing: short clips first, or attention takes very long to find the diagonal."""
    return Plan(
        model="pico-sv",
        minutes=minutes,
        seed=seed,
        peak=2e-3,
        fall=0.7,
        ctc=0.5,
        shown_until=0.4,
        teacher="nano-sv",
        batch_frames=4000,
        short_until=0.4,
        short_frames=400,
        usual_frames=700,
        longer=0.05,
    )


def tiny(minutes: float, seed: int) -> Plan:
    """Return the plan of the run in miniature."""
    return Plan(model="miniature", minutes=minutes, seed=seed, peak=2e-3, batch_frames=1500)


PLANS = {"nano-sv": nano, "pico-sv": pico, "miniature": tiny}
"""By model: its plan for so many minutes and a seed."""
