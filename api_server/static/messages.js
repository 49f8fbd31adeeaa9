/** What the page has to say about itself: one line each, until it is closed, replaced or no longer true. */

import { label } from "./language.js";

const host = () => document.getElementById("messages");

/**
 * Say `key`; a message with the same `about` is replaced.
 * @param {object} [more]
 * @param {"error" | "info"} [more.kind] an error interrupts a screen reader
 * @param {{key: string, run: () => void}} [more.action] a button
 */
export function tell(about, key, values = {}, { kind = "error", action } = {}) {
  const message = document.createElement("div");
  message.className = `message ${kind}`;
  message.dataset.about = about;
  message.setAttribute("role", kind === "error" ? "alert" : "status");
  const text = document.createElement("p");
  label(text, key, values);
  message.append(text);
  if (action) message.append(button(action.key, () => (forget(about), action.run())));
  message.append(button("dismiss", () => forget(about)));
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
