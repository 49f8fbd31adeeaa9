/** The microphone: which there are, the permission, and its sound as PCM frames. */

import { toInt16 } from "./resample.js";

const RATE = 16000;
/** What speech recognition likes: no echo or noise filters that eat consonants, but an even level. */
const WISHES = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: true };
/** How long the audio thread may take to hand over its last frame, in milliseconds. */
const LAST_FRAME = 300;

/** Why there is no sound; `code` is one of `insecure`, `refused`, `missing`, `taken`, `unsupported`. */
export class MicrophoneError extends Error {
  constructor(code, cause) {
    super(code, { cause });
    this.code = code;
  }
}

const CODES = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "taken",
  AbortError: "taken",
};

/** Return the microphones as `{id, label}`; without labels, and often none, before the permission. */
export async function microphones() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices
    .filter((device) => device.kind === "audioinput" && device.deviceId)
    .map((device) => ({ id: device.deviceId, label: device.label }));
}

/**
 * Ask for a microphone and return its stream; raises `MicrophoneError`.
 * @param {string} id of `microphones()`, or empty for the system's choice
 */
export async function listen(id) {
  if (!navigator.mediaDevices?.getUserMedia) throw new MicrophoneError("insecure");
  const asked = (wishes) => navigator.mediaDevices.getUserMedia({ audio: wishes });
  try {
    return await asked({ ...WISHES, ...(id && { deviceId: { exact: id } }) });
  } catch (error) {
    throw new MicrophoneError(CODES[error.name] ?? "missing", error);
  }
}

/** Whether this browser can hand out the sound itself. */
export const canCapture = () => "AudioWorkletNode" in globalThis;

/**
 * Bring a stream's sound to `onFrame`, 16 kHz mono Int16Array, until `stop()` is awaited.
 * @param {MediaStream} stream
 */
export async function capture(stream, onFrame) {
  const { context, source } = opened(stream);
  await context.audioWorklet.addModule(new URL("worklet.js", import.meta.url));
  const node = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0 });
  const over = deferred();
  node.port.onmessage = ({ data }) => (data ? onFrame(data) : over.resolve());
  source.connect(node);
  await context.resume();
  return {
    async stop() {
      node.port.postMessage("finish");
      await Promise.race([over.promise, new Promise((done) => setTimeout(done, LAST_FRAME))]);
      release(stream);
      await context.close();
    },
  };
}

/** Show `onSamples` now and then what is being said, Int16Array, where the sound itself goes another way. */
export function levels(/** @type {MediaStream} */ stream, onSamples) {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    onSamples(toInt16(samples));
  }, 50);
  return { stop: () => (clearInterval(timer), context.close()) };
}

/** Give the microphone back. */
export function release(/** @type {MediaStream} */ stream) {
  for (const track of stream.getTracks()) track.stop();
}

/** Some browsers refuse a context whose rate is not the microphone's; the worklet resamples then. */
function opened(stream) {
  const context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
  try {
    return { context, source: context.createMediaStreamSource(stream) };
  } catch {
    context.close();
    const own = new AudioContext({ latencyHint: "interactive" });
    return { context: own, source: own.createMediaStreamSource(stream) };
  }
}

function deferred() {
  const made = {};
  made.promise = new Promise((resolve) => Object.assign(made, { resolve }));
  return made;
}
