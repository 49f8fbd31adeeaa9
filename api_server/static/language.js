/** The page's own language: chosen, kept, and put into every element that says something. */

import { STRINGS } from "./strings.js";

const KEPT = "page-language";
let current = "sv";

/** Return what the page calls `key` now; an unknown key is undefined. */
export function say(key, values = {}) {
  return STRINGS[current][key]?.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Return a number as the page's language writes it. */
export function number(value, digits = 0) {
  return value.toLocaleString(current, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Return 0 to 1 as per cent. */
export function percent(part) {
  return part.toLocaleString(current, { style: "percent", maximumFractionDigits: 0 });
}

/** Return a time of day. */
export function timeOfDay(date) {
  return date.toLocaleTimeString(current, { timeStyle: "short" });
}

/** Return a language's name, from its ISO 639-1 code. */
export function languageName(code) {
  const name = new Intl.DisplayNames([current], { type: "language" }).of(code) ?? code;
  return name.charAt(0).toLocaleUpperCase(current) + name.slice(1);
}

/** Let an element say `key`, now and in the other language too. */
export function label(element, key, values = {}) {
  element.dataset.say = key;
  element.dataset.values = JSON.stringify(values);
  element.textContent = say(key, values);
}

/** Speak the language that was chosen here before, else the browser's first one that the page knows. */
export function begin(root = document) {
  const wanted = [remembered(), ...navigator.languages].map((one) => one?.slice(0, 2));
  speak(wanted.find((one) => one in STRINGS) ?? "sv", root);
}

/** Speak `language`, `sv` or `en`, from now on. */
export function choose(language) {
  try {
    localStorage.setItem(KEPT, language);
  } catch {
    // A browser that keeps nothing: it holds until the page is left.
  }
  speak(language);
}

/** Put the language into everything below `root`. */
export function translate(root) {
  for (const element of root.querySelectorAll("[data-say]")) {
    element.textContent = say(element.dataset.say, JSON.parse(element.dataset.values ?? "{}"));
  }
  for (const name of ["aria-label", "title"]) {
    for (const element of root.querySelectorAll(`[data-${name}]`)) {
      element.setAttribute(name, say(element.getAttribute(`data-${name}`)));
    }
  }
}

function speak(language, root = document) {
  current = language;
  document.documentElement.lang = language;
  document.title = say("title");
  translate(root);
  document.dispatchEvent(new Event("pagelanguage"));
}

function remembered() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}
