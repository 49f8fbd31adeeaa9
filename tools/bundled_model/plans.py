"""How long and how fast each model learns."""

from tools.bundled_model.train import Plan


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


def pico(minutes: float, seed: int) -> Plan:
    """Return the plan from nothing: short clips first, or attention takes very long to find the diagonal."""
    return Plan(
        model="pico-sv",
        minutes=minutes,
        seed=seed,
        peak=2e-3,
        fall=0.7,
        ctc=0.5,
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
