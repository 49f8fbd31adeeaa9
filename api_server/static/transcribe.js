/** A file to the server, its text back while it is made: `POST /transcribe` with `stream=true`. */

import { delay } from "./backoff.js";
import { request, ServerError } from "./server.js";
import { EventParser } from "./sse.js";

const TRIES = 5;
/** Errors that may be over the next time. */
const PASSING = ["busy", "queue_full", "too_many_sessions", "model_loading"];

/**
 * Yield `{segment}`, `{progress}` (0 to 1) and `{waiting}` (seconds until the next try) until the file is done.
 *
 * A connection that breaks is taken up again behind the last segment, a full server is asked again.
 * Raises `ServerError`, `TypeError` where no server answers, `NotReadableError`, `AbortError`.
 * @param {File} file
 * @param {{language: string, model: string}} fields empty ones are left out
 * @param {AbortSignal} signal
 */
export async function* transcribe(file, fields, signal) {
  await file.slice(0, 1).arrayBuffer(); // a folder, or a file that has gone, fails here and not like a server
  let reached = 0;
  for (let attempt = 0; ; ) {
    try {
      for await (const { event, data } of events(form(file, fields, reached), signal)) {
        if (event === "done") return;
        if (event === "error") throw new ServerError(200, data.error, 0);
        if (event === "segment") {
          reached = data.end;
          attempt = 0;
          yield { segment: data };
        }
        if ("progress" in data) yield { progress: data.progress };
      }
      throw new TypeError("the reply ended early");
    } catch (error) {
      if (reached && error.code === "invalid_parameter") return; // only silence was left behind the last segment
      if (++attempt >= TRIES || !passing(error)) throw error;
      const seconds = Math.max(error.retryAfter ?? 0, delay(attempt));
      yield { waiting: seconds, full: error instanceof ServerError };
      await pause(seconds, signal);
    }
  }
}

async function* events(body, signal) {
  const reply = await request("transcribe", { method: "POST", body, signal });
  const parser = new EventParser();
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let read; !(read = await reader.read()).done; ) {
    for (const { event, data } of parser.push(read.value)) yield { event, data: JSON.parse(data) };
  }
}

function form(file, fields, start) {
  const made = new FormData();
  const all = { ...fields, stream: "true", ...(start && { start: String(start) }) };
  for (const [name, value] of Object.entries(all)) if (value) made.append(name, value);
  made.append("file", file, file.name);
  return made;
}

/** Whether it may go better the next time. */
function passing(error) {
  return error instanceof TypeError || (error instanceof ServerError && PASSING.includes(error.code));
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}
