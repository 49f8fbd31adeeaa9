/** Sampling rates: what the microphone gives becomes what the server hears. Pure. */

/** Zero crossings of the sinc on each side: the edge of the passband is sharp enough for speech. */
const CROSSINGS = 16;
/** Where the passband ends, of the lower of the two Nyquist frequencies. */
const PASSBAND = 0.92;

/**
 * A windowed-sinc resampler for one endless mono stream (Smith, "Digital Audio Resampling", with a Hann window).
 * The ratio of the rates is exact, so nothing drifts however long the stream is.
 */
export class Resampler {
  #kernels;
  #half;
  #up;
  #down;
  #phase = 0;
  #at;
  #kept;

  /** @param {number} from Hz @param {number} to Hz */
  constructor(from, to) {
    const divisor = greatestCommonDivisor(from, to);
    this.#up = to / divisor;
    this.#down = from / divisor;
    const cutoff = PASSBAND * Math.min(1, to / from);
    this.#half = Math.ceil(CROSSINGS / cutoff);
    this.#kernels = Array.from({ length: this.#up }, (_, phase) => kernel(phase / this.#up, this.#half, cutoff));
    this.#kept = new Float32Array(this.#half - 1);
    this.#at = this.#half - 1;
  }

  /**
   * Take the next samples and return what can be made of them.
   * @param {Float32Array} input any length
   * @returns {Float32Array}
   */
  push(input) {
    const samples = new Float32Array(this.#kept.length + input.length);
    samples.set(this.#kept);
    samples.set(input, this.#kept.length);
    const made = [];
    while (this.#at + this.#half < samples.length) {
      made.push(convolve(samples, this.#at - this.#half + 1, this.#kernels[this.#phase]));
      this.#phase += this.#down;
      this.#at += Math.floor(this.#phase / this.#up);
      this.#phase %= this.#up;
    }
    const done = Math.min(this.#at - this.#half + 1, samples.length);
    this.#kept = samples.slice(done);
    this.#at -= done;
    return Float32Array.from(made);
  }
}

/** Return -1 to 1 as signed 16-bit samples; what is louder is clipped. */
export function toInt16(samples) {
  return Int16Array.from(samples, (sample) => Math.round(Math.max(-1, Math.min(1, sample)) * 32767));
}

function convolve(samples, from, weights) {
  let sum = 0;
  for (let tap = 0; tap < weights.length; tap++) sum += samples[from + tap] * weights[tap];
  return sum;
}

function kernel(fraction, half, cutoff) {
  const weights = Float64Array.from({ length: 2 * half }, (_, tap) => {
    const distance = tap - half + 1 - fraction;
    return sinc(cutoff * distance) * (Math.abs(distance) < half ? Math.cos((Math.PI * distance) / (2 * half)) ** 2 : 0);
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
