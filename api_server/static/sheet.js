/** One recording or file on the page: its title, its lines, and what can be done with them. */

import { FORMATS, text } from "./formats.js";
import { label, number, say, translate } from "./language.js";
import { save } from "./save.js";

/** Return seconds as people write them: `1:02`, `1:00:02`. */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  const two = (value) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

export class Sheet {
  #lines = [];
  #element;
  #about;

  /**
   * @param {HTMLElement} host where it goes
   * @param {object} about
   * @param {string} about.name of downloads, without an ending
   * @param {{text: string} | {say: string, values: object}} about.title as it is, or by its key in both languages
   * @param {boolean} [about.live] whether a screen reader is told each line as it comes
   * @param {() => void} [about.onChange] called when it has another line, and once it is gone
   * @param {() => void} [about.onRemove] called once it is gone
   */
  constructor(host, about) {
    this.#about = about;
    const fragment = document.getElementById("sheet").content.cloneNode(true);
    this.#element = fragment.querySelector("article");
    const title = this.#find("h2");
    if (about.title.say) label(title, about.title.say, about.title.values);
    else title.textContent = about.title.text;
    this.#find(".lines").setAttribute("aria-live", about.live ? "polite" : "off");
    this.#find("footer").addEventListener("click", ({ target }) => this.#do(target.closest("[data-do]")));
    this.#find("[data-do=copy]").hidden = !navigator.clipboard;
    translate(fragment);
    host.append(fragment);
  }

  /** What has to be kept to make it again. @returns {import("./shelf.js").Kept} */
  get kept() {
    return { name: this.#about.name, title: this.#about.title, lines: this.#lines };
  }

  get empty() {
    return this.#lines.length === 0;
  }

  /** Add a line, `{start, end, text, language}`; one without words only ends what was pending. */
  add(line) {
    this.settled();
    if (!line.text.trim()) return;
    this.#lines.push({ start: line.start, end: line.end, text: line.text, language: line.language });
    const [element, time, words] = ["p", "time", "span"].map((name) => document.createElement(name));
    element.className = "line";
    time.textContent = clock(line.start);
    words.textContent = line.text;
    words.lang = line.language;
    element.append(time, " ", words);
    this.#find(".lines").append(element);
    this.#find("footer").hidden = false;
    this.#about.onChange?.();
  }

  /** Show what is being said: what stays, and what may still change. */
  pending({ start, committed, tentative }) {
    const line = this.#find(".pending");
    line.hidden = !committed && !tentative;
    line.querySelector("time").textContent = clock(start);
    line.querySelector(".committed").textContent = committed;
    line.querySelector(".tentative").textContent = tentative;
  }

  /** Nothing is being said. */
  settled() {
    this.pending({ start: 0, committed: "", tentative: "" });
  }

  /** Say where sound is missing. */
  gap(seconds) {
    const element = document.createElement("p");
    element.className = "gap";
    label(element, "gap", { seconds: number(seconds, seconds < 10 ? 1 : 0) });
    this.#find(".lines").append(element);
  }

  /** Show how far it has come, 0 to 1, or null for not known; `cancel` is offered. */
  progress(part, key, values, cancel) {
    const bar = this.#find("progress");
    this.#find(".progress").hidden = false;
    if (part === null) bar.removeAttribute("value");
    else bar.value = part;
    bar.setAttribute("aria-label", this.#find("h2").textContent);
    this.#find(".cancel").onclick = cancel;
    this.facts(key, values);
  }

  /** Say how it is. */
  facts(key, values) {
    label(this.#find(".facts"), key, values);
  }

  /** It is over. */
  finish(key = "finished") {
    this.settled();
    this.#find(".progress").hidden = true;
    this.#element.dataset.state = key;
    this.facts(key === "finished" && this.empty ? "nothingHeard" : key);
  }

  remove() {
    this.#element.remove();
    this.#about.onRemove?.();
    this.#about.onChange?.();
  }

  #find(selector) {
    return this.#element.querySelector(selector);
  }

  #do(button) {
    const what = button?.dataset.do;
    if (what in FORMATS) this.#download(what);
    if (what === "copy") this.#copy(button);
    if (what === "remove") this.remove();
  }

  #download(format) {
    const { type, write } = FORMATS[format];
    save(new Blob([write(this.#lines)], { type }), `${this.#about.name}.${format}`);
  }

  async #copy(button) {
    await navigator.clipboard.writeText(text(this.#lines));
    button.textContent = say("copied");
    setTimeout(() => label(button, "copy"), 2000);
  }
}
