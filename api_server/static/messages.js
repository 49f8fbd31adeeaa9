/** What the page has to say about itself: one line each, until it is closed, replaced or no longer true. */

import { label, say } from "./language.js";

/** Milliseconds for which good news stay. */
const NEWS = 10_000;

const host = () => document.getElementById("messages");

/**
 * Say `key`; a message with the same `about` is replaced.
 * @param {object} [more]
 * @param {"error" | "info"} [more.kind] an error interrupts a screen reader and stays; what is only news goes by itself
 * @param {{key: string, run: () => void}[]} [more.actions] buttons
 */
export function tell(about, key, values = {}, { kind = "error", actions = [] } = {}) {
  const message = document.createElement("div");
  message.className = `message ${kind}`;
  message.dataset.about = about;
  message.setAttribute("role", kind === "error" ? "alert" : "status");
  const text = document.createElement("p");
  label(text, key, values);
  message.append(text);
  const leave = { key: "dismiss", run: () => {} };
  message.append(...[...actions, leave].map((one) => button(one.key, () => (forget(about), one.run()))));
  forget(about);
  host().append(message);
  if (kind === "info") setTimeout(() => message.remove(), NEWS);
}

/** Say what an error of the server means, in its own words where the page has none. */
export function explain(about, { code, message }, more) {
  if (say(code)) tell(about, code, {}, more);
  else tell(about, "serverSays", { message }, more);
}

/** Take a message away. */
export function forget(about) {
  for (const message of [...host().children]) if (message.dataset.about === about) message.remove();
}

function button(key, run) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "quiet";
  label(made, key);
  made.addEventListener("click", run);
  return made;
}
