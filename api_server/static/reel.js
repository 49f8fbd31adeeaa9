/**
 * The microphone as MediaRecorder's webm or ogg, for browsers without AudioWorklet; stands where `Tape` stands.
 *
 * Such a stream can only be read from its first byte, so a broken connection means a new recording: what was on
 * its way to the server is lost, what is said until it is back is kept.
 */

const TYPES = { "audio/webm;codecs=opus": "webm", "audio/ogg;codecs=opus": "ogg" };
/** Milliseconds of sound in one piece. */
const PIECE = 250;

const type = () => Object.keys(TYPES).find((one) => globalThis.MediaRecorder?.isTypeSupported(one));

/** Whether this browser records something that the server reads. */
export const canRecord = () => type() !== undefined;

export class Reel {
  encoding = TYPES[type()];
  #stream;
  #recorder = null;
  #pieces = [];
  #began = performance.now();
  #sent = 0;
  #start = 0;
  #confirmed = 0;
  #lost = 0;
  #stopped = null;
  #bound;

  /** @param {MediaStream} stream @param {number} seconds of sound that are kept while there is no connection */
  constructor(stream, seconds = 120) {
    this.#stream = stream;
    this.#bound = (seconds * 1000) / PIECE;
    this.#record();
  }

  /** How long the recording is, seconds. */
  get end() {
    return this.#stopped ?? (performance.now() - this.#began) / 1000;
  }

  /** Up to where it has been sent: pieces carry no times, so all but the piece being made. */
  get sent() {
    return Math.max(this.#start, this.#pieces.length ? this.#start : this.end - PIECE / 1000);
  }

  /** How much of it the server has not answered for. */
  get unconfirmed() {
    return this.end - this.#confirmed;
  }

  /** The server has dealt with everything before `seconds`. */
  confirm(seconds) {
    this.#confirmed = Math.max(this.#confirmed, seconds);
  }

  /** The connection is gone: begin a recording that can be read from its first byte. */
  broken() {
    if (this.#sent) this.#again(this.#confirmed);
  }

  /** Begin with the first piece; returns where that is, and how much is gone before it. */
  rewind() {
    const lost = this.#lost;
    this.#lost = 0;
    this.#confirmed = Math.max(this.#confirmed, this.#start);
    return { start: this.#start, lost };
  }

  /** Return the next piece to send, null when there is none. */
  next() {
    if (!this.#pieces.length) return null;
    this.#sent += 1;
    return { data: this.#pieces.shift(), lost: 0 };
  }

  /** End the recording; the last piece is there when this returns. */
  async stop() {
    this.#stopped = this.end;
    const recorder = this.#recorder;
    if (recorder.state === "inactive") return;
    await new Promise((done) => {
      recorder.addEventListener("stop", done, { once: true });
      recorder.stop();
    });
  }

  #record() {
    const recorder = new MediaRecorder(this.#stream, { mimeType: type(), audioBitsPerSecond: 48000 });
    recorder.ondataavailable = ({ data }) => {
      if (recorder !== this.#recorder || !data.size) return;
      this.#pieces.push(data);
      if (this.#pieces.length > this.#bound) this.#again(this.#start);
    };
    this.#recorder = recorder;
    recorder.start(PIECE);
  }

  /** Throw away what there is, which began to be unanswered at `since`, and record from now on. */
  #again(since) {
    this.#lost += this.end - Math.max(since, this.#start);
    this.#start = this.end;
    this.#pieces = [];
    this.#sent = 0;
    if (this.#stopped !== null) return;
    const old = this.#recorder;
    this.#record();
    if (old.state !== "inactive") old.stop();
  }
}
