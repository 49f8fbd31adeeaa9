/** Runs in the audio thread: the microphone's sound as 16 kHz mono, 16 bits, in frames of 32 ms. */

import { Resampler, toInt16 } from "./resample.js";

const RATE = 16000;
/** Samples; what the server's voice detector hears at once. */
const FRAME = 512;

class Microphone extends AudioWorkletProcessor {
  #resampler = sampleRate === RATE ? null : new Resampler(sampleRate, RATE);
  #frame = new Int16Array(FRAME);
  #filled = 0;
  #over = false;

  constructor() {
    super();
    this.port.onmessage = () => this.#finish();
  }

  process([channels]) {
    if (channels.length && !this.#over) {
      const mono = mixed(channels);
      this.#take(toInt16(this.#resampler ? this.#resampler.push(mono) : mono));
    }
    return !this.#over;
  }

  #take(samples) {
    for (let from = 0; from < samples.length; ) {
      const piece = samples.subarray(from, from + FRAME - this.#filled);
      this.#frame.set(piece, this.#filled);
      this.#filled += piece.length;
      from += piece.length;
      if (this.#filled === FRAME) this.#send();
    }
  }

  /** Send what is left, then null. */
  #finish() {
    this.#over = true;
    if (this.#filled) this.#send();
    this.port.postMessage(null);
  }

  #send() {
    const frame = this.#frame.slice(0, this.#filled);
    this.#filled = 0;
    this.port.postMessage(frame, [frame.buffer]);
  }
}

function mixed(channels) {
  if (channels.length === 1) return channels[0];
  return channels[0].map((_, at) => channels.reduce((sum, channel) => sum + channel[at], 0) / channels.length);
}

registerProcessor("microphone", Microphone);
