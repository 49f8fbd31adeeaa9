/** The sound that the server has not made text of yet, so that a broken connection loses none of it. Pure. */

const RATE = 16000;
/** Samples in one message at most: 0.5 s. */
const PIECE = RATE / 2;

/** PCM, 16 kHz mono; every time is in seconds from the start of the recording. */
export class Tape {
  encoding = "pcm_s16le";
  #frames = [];
  #begin = 0;
  #end = 0;
  #sent = 0;
  #confirmed = 0;
  /** Samples behind `#confirmed` whose loss has been told already. */
  #told = 0;
  #bound;

  /** @param {number} seconds of sound that are kept at most */
  constructor(seconds = 120) {
    this.#bound = seconds * RATE;
  }

  /** How long the recording is. */
  get end() {
    return this.#end / RATE;
  }

  /** Up to where it has been sent. */
  get sent() {
    return this.#sent / RATE;
  }

  /** How much of it the server has not answered for. */
  get unconfirmed() {
    return (this.#end - Math.max(this.#confirmed, this.#begin)) / RATE;
  }

  /** The sound itself of what it has not answered for. */
  get rest() {
    return this.#read(Math.max(this.#confirmed, this.#begin), this.#end);
  }

  /** Take the next samples; the oldest are forgotten once there are too many. */
  append(/** @type {Int16Array} */ frame) {
    this.#frames.push(frame);
    this.#end += frame.length;
    this.#forget(this.#end - this.#bound);
  }

  /** The server has dealt with everything before `seconds`. */
  confirm(seconds) {
    this.#confirmed = Math.max(this.#confirmed, Math.min(Math.round(seconds * RATE), this.#sent));
    if (this.#confirmed >= this.#begin) this.#told = 0;
    this.#forget(this.#confirmed);
  }

  /** Begin again, on a new connection, behind what is confirmed; returns where, and how much is gone before that. */
  rewind() {
    this.#sent = Math.max(this.#confirmed, this.#begin);
    const lost = this.#sent - this.#confirmed - this.#told;
    this.#confirmed = this.#sent;
    this.#told = 0;
    return { start: this.#sent / RATE, lost: lost / RATE };
  }

  /** Return the next bytes to send, null when there are none; `lost` seconds before them were forgotten unsent. */
  next() {
    const lost = Math.max(0, this.#begin - this.#sent);
    this.#told += lost;
    this.#sent += lost;
    const samples = this.#read(this.#sent, Math.min(this.#end, this.#sent + PIECE));
    if (!samples.length) return null;
    this.#sent += samples.length;
    return { data: samples, lost: lost / RATE };
  }

  #read(from, to) {
    const samples = new Int16Array(Math.max(0, to - from));
    let position = this.#begin;
    for (const frame of this.#frames) {
      const [first, last] = [Math.max(from, position), Math.min(to, position + frame.length)];
      if (first < last) samples.set(frame.subarray(first - position, last - position), first - from);
      position += frame.length;
      if (position >= to) break;
    }
    return samples;
  }

  #forget(position) {
    while (this.#frames.length && this.#begin + this.#frames[0].length <= position) {
      this.#begin += this.#frames.shift().length;
    }
  }
}
