"""What a line, a room and a microphone do to speech."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import butter, fftconvolve, sosfilt

from tools.bundled_model.speech import SAMPLE_RATE

Wave = NDArray[np.float32]
_LEAST_POWER: Final = 1e-6


def augment(samples: Wave, rng: np.random.Generator) -> Wave:
    """Return the clip as it might be recorded: room, line, noise at 8-40 dB and gain, each at times."""
    if not samples.any():
        return nobody(samples.size, rng)
    if rng.random() < 0.08:  # noqa: PLR2004 - a share
        samples = reverberate(samples, rng)
    if rng.random() < 0.05:  # noqa: PLR2004 - a share
        samples = telephone_band(samples, rng)
    if rng.random() < 0.05:  # noqa: PLR2004 - a share
        samples = companded(samples)
    if rng.random() < 0.6:  # noqa: PLR2004 - a share
        samples = add_noise(samples, rng.uniform(8, 40), rng)
    peak = float(np.abs(samples).max()) + _LEAST_POWER
    return (samples / peak * rng.uniform(0.1, 0.98)).astype(np.float32)


def nobody(size: int, rng: np.random.Generator) -> Wave:
    """Return silence, or noise of any loudness."""
    if rng.random() < 0.25:  # noqa: PLR2004 - a share
        return np.zeros(size, np.float32)
    return noise(size, rng) * np.float32(10 ** rng.uniform(-5, -0.8))


def noise(size: int, rng: np.random.Generator) -> Wave:
    """Return noise of unit power: white, pink or brown."""
    quick = next_fast_len(size, real=True)
    white = rng.standard_normal(quick, np.float32)
    slope = rng.choice((0.0, 0.5, 1.0))
    if slope == 0:
        return white[:size]
    spectrum = rfft(white)
    spectrum /= np.maximum(np.arange(spectrum.size, dtype=np.float32), 1 + quick // 1000) ** np.float32(slope)
    colored: Wave = irfft(spectrum, quick)[:size]
    colored /= colored.std() + np.float32(_LEAST_POWER)
    return colored


def add_noise(samples: Wave, snr: float, rng: np.random.Generator) -> Wave:
    """Return the samples with noise `snr` dB below them."""
    power = float(np.sqrt(np.mean(samples**2))) + _LEAST_POWER
    return samples + noise(samples.size, rng) * np.float32(power * 10 ** (-snr / 20))


def reverberate(samples: Wave, rng: np.random.Generator) -> Wave:
    """Return the samples as heard in a room whose echo dies away exponentially."""
    size = int(SAMPLE_RATE * rng.uniform(0.05, 0.3))
    response = rng.standard_normal(size) * np.exp(-np.arange(size) / (size / rng.uniform(4, 8)))
    response[0] = rng.uniform(4, 12)
    heard = fftconvolve(samples, (response / response[0]).astype(np.float32))
    cut: Wave = heard[: samples.size].astype(np.float32)
    return cut


def telephone_band(samples: Wave, rng: np.random.Generator) -> Wave:
    """Return the samples as a narrow line carries them."""
    band = (rng.uniform(150, 350), rng.uniform(3000, 3800))
    filtered = sosfilt(butter(4, band, "band", fs=SAMPLE_RATE, output="sos"), samples)
    narrow: Wave = filtered.astype(np.float32)
    return narrow


def companded(samples: Wave) -> Wave:
    """Return the samples after 8 bit mu-law, the codec of telephone lines (ITU-T G.711)."""
    peak = float(np.abs(samples).max()) + _LEAST_POWER
    squeezed = np.sign(samples) * np.log1p(255 * np.abs(samples) / peak) / np.log(256)
    coarse = np.round(squeezed * 127) / 127
    expanded = np.sign(coarse) * peak * np.expm1(np.abs(coarse) * np.log(256)) / 255
    heard: Wave = expanded.astype(np.float32)
    return heard
