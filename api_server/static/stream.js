/**
 * One live recording on its way to text: `WS /ws/transcribe`, held up over broken connections.
 *
 * Each connection is a stream of its own to the server, whose times begin at 0. What the server has not answered
 * for stays with `audio` (a `Tape` or a `Reel`) and goes out again on the next connection, behind the last final,
 * so that nothing is said twice. All times that leave here count from the start of the recording.
 */

import { delay } from "./backoff.js";

/** Bytes that may wait in the browser's own buffer: beyond that the sound stays where it can be sent again. */
const BUFFER = 256 * 1024;
/** Seconds without a sign of life, while bytes wait, after which a connection counts as broken. */
const PATIENCE = 20;
/** Seconds of silence that are kept: an utterance whose beginning is on its way must not be forgotten. */
const QUIET = 20;
/** Seconds for which a stopped recording tries to get its rest across. */
const LAST_TRIES = 30;
/** Seconds after which a connection counts as a good one, so that the next break is the first again. */
const STEADY = 10;
/** Errors of the server that are not about this stream: a stream that was served already waits for it. */
const PASSING = ["too_many_sessions", "busy", "model_loading", "internal"];
/** Milliseconds between two looks at what is to be sent. */
const BEAT = 50;

/**
 * @typedef {object} Listener
 * @property {(state: "connecting" | "open" | "waiting", seconds?: number) => void} state of the connection
 * @property {(event: object) => void} ready the server's `ready`
 * @property {(event: object) => void} partial
 * @property {(event: object) => void} final
 * @property {(at: number, seconds: number) => void} lost sound that never reached the server
 * @property {(error: {code: string, message: string}) => void} warning the stream goes on
 * @property {(error: {code: string, message: string} | null) => void} ended for good; null when all is well
 */

export class LiveStream {
  #connect;
  #start;
  #audio;
  #listener;
  #clock;
  #socket = null;
  #offset = 0;
  #attempt = 0;
  #speaking = 0;
  #served = false;
  #fault = null;
  #done = false;
  #stopping = null;
  #stopSent = false;
  #openedAt = 0;
  #behind = 0;
  #heardAt = 0;
  #waiting = 0;
  #timer = null;
  #beat = null;
  #ended = false;

  /**
   * @param {object} parts
   * @param {() => WebSocket} parts.connect opens a connection
   * @param {object} parts.start the `start` message, without `encoding`
   * @param {import("./tape.js").Tape} parts.audio
   * @param {Listener} parts.listener
   * @param {() => number} [parts.clock] seconds
   */
  constructor({ connect, start, audio, listener, clock = () => performance.now() / 1000 }) {
    this.#connect = connect;
    this.#start = start;
    this.#audio = audio;
    this.#listener = listener;
    this.#clock = clock;
  }

  /** Connect, and stay connected. */
  begin() {
    this.#beat = setInterval(() => this.#look(), BEAT);
    this.#open();
  }

  /** Send what there is; called whenever there is more. */
  pump() {
    const socket = this.#socket;
    if (socket?.readyState !== 1 || this.#stopSent) return;
    for (let piece; socket.bufferedAmount < BUFFER && (piece = this.#audio.next()); ) {
      if (piece.lost) this.#gap(piece.lost);
      socket.send(piece.data);
    }
    if (this.#stopping !== null && socket.bufferedAmount < BUFFER && !this.#done) {
      this.#stopSent = true;
      socket.send(JSON.stringify({ type: "stop" }));
    }
  }

  /** No more sound comes: send the rest, wait for the last final. */
  stop() {
    this.#stopping = this.#clock();
    if (this.#socket) this.pump();
    else if (this.#rest) this.hurry();
    else this.#end(null);
  }

  /** Give up at once. */
  abort() {
    const heard = this.#socket?.readyState === 1;
    this.#end(this.#rest && !heard ? this.#undelivered : null);
  }

  /** The network is back: do not wait any longer. */
  hurry() {
    if (this.#timer === null) return;
    this.#attempt = 0;
    this.#open();
  }

  /** The network is gone: do not wait for the connection to notice. */
  drop() {
    if (this.#socket) this.#broken(this.#socket);
  }

  // --- the connection

  #open() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#listener.state("connecting");
    const socket = this.#connect();
    this.#socket = socket;
    this.#fault = null;
    socket.onopen = () => this.#begin(socket);
    socket.onmessage = ({ data }) => socket === this.#socket && this.#hear(JSON.parse(data));
    socket.onclose = () => socket === this.#socket && this.#closed(socket);
    this.#heardAt = this.#clock();
  }

  #begin(socket) {
    const { start, lost } = this.#audio.rewind();
    this.#offset = start;
    this.#speaking = 0;
    this.#stopSent = false;
    this.#openedAt = this.#heardAt = this.#clock();
    this.#behind = this.#audio.end - start;
    if (lost > 0) this.#listener.lost(start - lost, lost);
    socket.send(JSON.stringify({ type: "start", encoding: this.#audio.encoding, ...this.#start }));
    this.pump();
  }

  /** Sound was forgotten before it could be sent, in the middle of a connection: its times move. */
  #gap(seconds) {
    this.#offset += seconds;
    this.#listener.lost(this.#audio.sent, seconds);
  }

  #closed(socket) {
    if (this.#done) return this.#end(null);
    const passing = !this.#fault || (this.#served && PASSING.includes(this.#fault.code));
    return passing ? this.#broken(socket) : this.#end(this.#fault);
  }

  #broken(socket) {
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    this.#socket = null;
    this.#audio.broken?.();
    if (this.#stopping !== null) return this.#tryLast();
    return this.#later();
  }

  #later() {
    const seconds = delay(this.#attempt++);
    this.#listener.state("waiting", seconds);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), seconds * 1000);
  }

  get #rest() {
    return this.#speaking > 0 || this.#audio.unconfirmed > 0.1;
  }

  get #undelivered() {
    return { code: "undelivered", message: "", seconds: this.#audio.unconfirmed };
  }

  /** Nobody records any more: is there still something worth a connection? */
  #tryLast() {
    if (!this.#rest) return this.#end(null);
    if (this.#clock() - this.#stopping > LAST_TRIES) return this.#end(this.#undelivered);
    return this.#later();
  }

  /** Send what waits; notice a connection that has died without a word; forget silence. */
  #look() {
    const socket = this.#socket;
    if (!socket) return;
    this.pump();
    const now = this.#clock();
    const moved = socket.bufferedAmount < this.#waiting;
    this.#waiting = socket.bufferedAmount;
    if (moved || !this.#waiting) {
      if (socket.readyState === 1 && !this.#stopSent) this.#heardAt = now;
    }
    if (socket.readyState === 1 && now - this.#openedAt > STEADY) this.#attempt = 0;
    if (now - this.#heardAt > PATIENCE) this.#broken(socket);
    else if (this.#quiet(now)) this.#audio.confirm(this.#audio.sent - QUIET);
  }

  /** Whether the server has had the time to catch up, and still knows of no speech. */
  #quiet(now) {
    return this.#served && !this.#speaking && !this.#waiting && now - this.#openedAt > this.#behind + QUIET;
  }

  // --- the server

  #hear(event) {
    this.#heardAt = this.#clock();
    const moved = { ...event, start: event.start + this.#offset, end: event.end + this.#offset };
    switch (event.type) {
      case "ready":
        this.#served = true;
        this.#listener.state("open");
        return this.#listener.ready(event);
      case "speech_started":
        this.#speaking += 1;
        return undefined;
      case "partial":
        return this.#listener.partial(moved);
      case "final":
        this.#speaking -= 1;
        this.#audio.confirm(moved.end);
        return this.#listener.final(moved);
      case "error":
        if (event.fatal) this.#fault = event;
        else this.#listener.warning(event);
        return undefined;
      case "done":
        this.#done = true;
        return undefined;
      default:
        return undefined;
    }
  }

  #end(error) {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#beat);
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    this.#listener.ended(error);
  }
}
