/** The live half of the page: the button, the microphone, the stream and the sheet that it fills. */

import { label, number, say, timeOfDay } from "./language.js";
import { decibels, judged, Meter } from "./level.js";
import { explain, forget, tell } from "./messages.js";
import { canCapture, capture, levels, listen, MicrophoneError, release } from "./microphone.js";
import { canRecord, Reel } from "./reel.js";
import { save } from "./save.js";
import { openStream, request } from "./server.js";
import { clock, Sheet } from "./sheet.js";
import { LiveStream } from "./stream.js";
import { Tape } from "./tape.js";
import { wav } from "./wav.js";

/** Seconds of digital silence after which the microphone is probably muted. */
const MUTED_FOR = 4;
/** Milliseconds between two questions whether the server is there, and how long the answer may take. */
const PULSE = 5000;
const PULSE_PATIENCE = 8000;
const find = (id) => document.getElementById(id);

/** @typedef {"idle" | "asking" | "recording" | "stopping"} Phase */

export class Live {
  /** @type {Phase} */
  #phase = "idle";
  #settings;
  #addSheet;
  #meter = new Meter(find("level"));
  #stream = null;
  #audio = null;
  #sheet = null;
  #capture = null;
  #cut = false;
  #soundAt = 0;
  #awake = null;
  #pulse = null;

  /**
   * @param {import("./settings.js").Settings} settings
   * @param {(about: object) => Sheet} addSheet
   */
  constructor(settings, addSheet) {
    this.#settings = settings;
    this.#addSheet = addSheet;
    find("speak").addEventListener("click", () => this.#pressed());
    addEventListener("online", () => this.#stream?.hurry());
    addEventListener("offline", () => this.#stream?.drop());
    document.addEventListener("visibilitychange", () => this.#stayAwake());
    document.addEventListener("pagelanguage", () => this.#silent());
    this.#silent();
  }

  /** Whether something would be lost if the page were left. */
  get busy() {
    return this.#phase !== "idle";
  }

  /** Go on with another microphone. */
  async change(id) {
    if (this.#phase !== "recording" || !(this.#audio instanceof Tape)) return;
    try {
      const media = await listen(id);
      const [before, after] = [this.#capture, await this.#listenTo(media)];
      const recording = this.#phase === "recording";
      if (recording) this.#capture = after;
      await (recording ? before : after).stop();
    } catch (error) {
      this.#complain(error);
    }
  }

  #pressed() {
    const next = { idle: () => this.#begin(), recording: () => this.#stop(), stopping: () => this.#stream?.abort() };
    return next[this.#phase]?.();
  }

  // --- from nothing to recording

  async #begin() {
    this.#enter("asking", "asking");
    for (const about of ["microphone", "stream", "connection"]) forget(about);
    let media;
    try {
      media = await listen(this.#settings.microphone);
      this.#settings.showMicrophones(this.#settings.microphone);
      this.#audio = recordingOf(media);
      this.#capture = await this.#listenTo(media);
    } catch (error) {
      if (media) release(media);
      this.#enter("idle", "ready");
      return this.#complain(error);
    }
    this.#soundAt = performance.now();
    this.#pulse = setInterval(() => this.#feelPulse(), PULSE);
    this.#enter("recording");
    this.#startStream();
    return this.#stayAwake();
  }

  #startStream() {
    const now = new Date();
    this.#cut = false;
    this.#sheet = this.#addSheet({
      name: `whisper-svenska-${stamp(now)}`,
      title: { say: "live", values: { time: timeOfDay(now) } },
      live: true,
    });
    const { language, model, resident } = this.#settings;
    if (model) tell("model", "residentOnly", { resident, chosen: model }, { kind: "info" });
    this.#stream = new LiveStream({
      connect: openStream,
      start: { language },
      audio: this.#audio,
      listener: this.#listener(),
    });
    this.#stream.begin();
  }

  async #listenTo(media) {
    media.getAudioTracks()[0].addEventListener("ended", () => this.#unplugged());
    if (this.#audio instanceof Tape) return capture(media, (frame) => this.#frame(frame));
    const watch = levels(media, (samples) => this.#heard(samples));
    return {
      stop: async () => {
        await this.#audio.stop();
        watch.stop();
        release(media);
      },
    };
  }

  // --- while it records

  #frame(frame) {
    this.#audio.append(frame);
    this.#stream?.pump();
    this.#heard(frame);
  }

  #heard(samples) {
    const level = decibels(samples);
    this.#meter.show(level, say(judged(level)));
    const time = clock(this.#audio.end);
    if (find("clock").textContent !== time) find("clock").textContent = time;
    if (judged(level) !== "muted") {
      this.#soundAt = performance.now();
      forget("muted");
    } else if (performance.now() - this.#soundAt > MUTED_FOR * 1000) {
      this.#soundAt = Infinity;
      tell("muted", "silentMicrophone");
    }
  }

  /** @returns {import("./stream.js").Listener} */
  #listener() {
    const sheet = this.#sheet;
    return {
      state: (state) => this.#connection(state),
      ready: () => {},
      partial: (event) => {
        sheet.pending(event);
        find("lag").textContent = say("seconds", { value: number(event.lag, 1) });
      },
      final: (event) => {
        sheet.add(event);
        find("latency").textContent = say("seconds", { value: number(event.latency, 2) });
      },
      lost: (_at, seconds) => {
        sheet.gap(seconds);
        tell("lost", "lost", { seconds: number(seconds, seconds < 10 ? 1 : 0) });
      },
      warning: (error) => explain("stream", error),
      ended: (error) => this.#ended(error),
    };
  }

  #connection(state) {
    if (state === "waiting") this.#cut = true;
    if (state === "open" && this.#cut) {
      this.#cut = false;
      tell("connection", "back", {}, { kind: "info" });
    }
    if (this.#cut) forget("connection");
    const key = { connecting: this.#cut ? "reconnecting" : "connecting", waiting: "reconnecting", open: "listening" };
    if (this.#phase === "recording" || state === "waiting") this.#status(key[state], state === "open" ? "live" : "waiting");
    else this.#status("writingRest", "waiting");
  }

  /** A connection can die without a word, as when a phone leaves the house: the other side must be asked. */
  async #feelPulse() {
    try {
      await request("health", { signal: AbortSignal.timeout(PULSE_PATIENCE) });
    } catch {
      this.#stream?.drop();
    }
  }

  #unplugged() {
    if (this.#phase !== "recording") return;
    tell("microphone", "unplugged");
    this.#stop();
  }

  // --- from recording to nothing

  async #stop() {
    this.#enter("stopping", "writingRest");
    forget("muted");
    await this.#capture.stop();
    this.#silent();
    this.#stream?.stop(); // null once a second press has ended it
  }

  #ended(error) {
    if (this.#phase === "recording") this.#capture.stop();
    clearInterval(this.#pulse);
    this.#stream = null;
    this.#sheet.finish();
    if (error && this.#sheet.empty) this.#sheet.remove();
    this.#enter("idle", error ? "ready" : "finished");
    this.#silent();
    this.#awake?.release();
    this.#awake = null;
    if (error) this.#complain(error);
  }

  #complain(error) {
    if (!error.code) throw error;
    const again = { key: "retry", run: () => this.#pressed() };
    const about = error instanceof MicrophoneError ? "microphone" : "stream";
    if (error.code === "unauthorized") this.#settings.askForKey();
    else if (error.code === "undelivered") this.#offerSound(error.seconds, this.#audio);
    else explain(about, error, { actions: [again] });
  }

  /** What the server never heard is given back to the person: it can be dropped on the page later. */
  #offerSound(seconds, audio) {
    const keep = { key: "saveSound", run: () => save(wav(audio.rest), `whisper-svenska-${stamp(new Date())}.wav`) };
    const actions = audio instanceof Tape ? [keep] : [];
    tell("stream", "undelivered", { seconds: number(seconds, 1) }, { actions });
  }

  // --- what the page shows

  #enter(phase, status) {
    this.#phase = phase;
    document.body.dataset.phase = phase;
    if (phase === "recording") for (const id of ["clock", "figures"]) find(id).hidden = false;
    const key = { idle: "start", asking: "start", recording: "stop", stopping: "finishing" }[phase];
    label(find("speak-text"), key);
    find("speak").setAttribute("aria-disabled", String(phase === "asking"));
    if (status) this.#status(status, phase === "idle" ? "" : "waiting");
  }

  #status(key, dot) {
    if (find("status-text").dataset.say !== key) label(find("status-text"), key);
    find("status").dataset.dot = dot;
  }

  #silent() {
    if (this.#phase !== "recording") this.#meter.clear(say("levelOff"));
  }

  /** A phone that falls asleep stops listening. */
  async #stayAwake() {
    if (this.#phase !== "recording" || document.hidden) return;
    this.#awake = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
  }
}

function recordingOf(media) {
  if (canCapture()) return new Tape();
  if (canRecord()) return new Reel(media);
  throw new MicrophoneError("unsupported");
}

function stamp(date) {
  const two = (value) => String(value).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day}-${two(date.getHours())}${two(date.getMinutes())}`;
}
