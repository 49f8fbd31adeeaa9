/** The live half of the page: the button, the microphone, the stream and the sheet that it fills. */

import { label, number, say, timeOfDay } from "./language.js";
import { decibels, judged, Meter } from "./level.js";
import { forget, tell } from "./messages.js";
import { canCapture, capture, levels, listen, MicrophoneError, release } from "./microphone.js";
import { canRecord, Reel } from "./reel.js";
import { openStream } from "./server.js";
import { clock, Sheet } from "./sheet.js";
import { LiveStream } from "./stream.js";
import { Tape } from "./tape.js";

/** Seconds of digital silence after which the microphone is probably muted. */
const MUTED_FOR = 4;
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
    document.addEventListener("languagechange", () => this.#silent());
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
      const before = this.#capture;
      this.#capture = await this.#listenTo(media);
      await before.stop();
    } catch (error) {
      this.#complain(error);
    }
  }

  #pressed() {
    const next = { idle: () => this.#begin(), recording: () => this.#stop(), stopping: () => this.#stream.abort() };
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
      this.#startStream();
      this.#capture = await this.#listenTo(media);
    } catch (error) {
      this.#stream?.abort();
      if (media) release(media);
      this.#enter("idle", "ready");
      return this.#complain(error);
    }
    return this.#phase === "asking" ? this.#recording() : this.#capture.stop();
  }

  #recording() {
    this.#soundAt = performance.now();
    this.#enter("recording");
    this.#stayAwake();
  }

  #startStream() {
    const now = new Date();
    this.#cut = false;
    this.#sheet = this.#addSheet({
      name: `whisper-svenska-${stamp(now)}`,
      title: (element) => label(element, "live", { time: timeOfDay(now) }),
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
    this.#stream.pump();
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
      tell("muted", "silentMicrophone", {}, { kind: "info" });
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
      warning: (error) => tell("stream", known(error)),
      ended: (error) => this.#ended(error),
    };
  }

  #connection(state) {
    const talking = this.#phase === "recording" || this.#phase === "asking";
    if (state === "waiting") this.#cut = true;
    if (state === "open" && this.#cut) {
      this.#cut = false;
      tell("connection", "back", {}, { kind: "info" });
    }
    if (this.#cut) forget("connection");
    const key = { connecting: this.#cut ? "reconnecting" : "connecting", waiting: "reconnecting", open: "listening" };
    if (talking || state === "waiting") this.#status(key[state], state === "open" ? "live" : "waiting");
    else this.#status("writingRest", "waiting");
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
    this.#stream.stop();
  }

  #ended(error) {
    if (this.#phase === "recording") this.#capture.stop();
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
    const again = { key: "retry", run: () => this.#pressed() };
    if (error.code === "unauthorized") this.#settings.askForKey();
    else if (error instanceof MicrophoneError) tell("microphone", error.code, {}, { action: again });
    else if (error.code === "undelivered") tell("stream", "undelivered", { seconds: number(error.seconds, 1) });
    else if (error.code) tell("stream", known(error), {}, { action: again });
    else throw error;
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

/** Return the name of an error that the page can explain. */
function known({ code }) {
  return say(code) ? code : "internal";
}

function stamp(date) {
  const two = (value) => String(value).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day}-${two(date.getHours())}${two(date.getMinutes())}`;
}
