/** What the page has to say about itself: one line each, until it is closed, replaced or no longer true. */

import { label } from "./language.js";

const host = () => document.getElementById("messages");

/**
 * Say `key`; a message with the same `about` is replaced.
 * @param {object} [more]
 * @param {"error" | "info"} [more.kind] an error interrupts a screen reader
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
