/** Microphone, language, model and key: what there is to choose from, and what is chosen. */

import { languageName, say } from "./language.js";
import { forget, tell } from "./messages.js";
import { microphones } from "./microphone.js";
import { apiKey, getJson } from "./server.js";

const FIRST = ["sv", "en"];
const KEPT = "spoken-language";
const field = (id) => document.getElementById(id);

export class Settings {
  #models = [];
  #default = "sv";

  /** @param {(id: string) => void} onMicrophone called when another one is chosen */
  constructor(onMicrophone) {
    field("microphone").addEventListener("change", () => onMicrophone(this.microphone));
    field("model").addEventListener("change", () => this.#showLanguages());
    field("language").addEventListener("change", () => sessionStorage.setItem(KEPT, this.language));
    field("settings").addEventListener("submit", (event) => (event.preventDefault(), this.#useKey()));
    navigator.mediaDevices?.addEventListener("devicechange", () => this.showMicrophones());
    document.addEventListener("pagelanguage", () => this.#show());
  }

  /** The chosen microphone's id, empty for the system's. */
  get microphone() {
    return field("microphone").value;
  }

  /** The chosen language of the speech, ISO 639-1 or `auto`. */
  get language() {
    return field("language").value;
  }

  /** The chosen model's name; empty for the one that is always there. */
  get model() {
    return this.#chosen?.resident ? "" : field("model").value;
  }

  /** The name of the model that writes live speech. */
  get resident() {
    return this.#models.find((model) => model.resident)?.name ?? "";
  }

  /** Ask the server what it has; returns whether it let us. */
  async load() {
    try {
      const [{ models }, config] = await Promise.all([getJson("models"), getJson("config")]);
      this.#models = models;
      this.#default = sessionStorage.getItem(KEPT) ?? config.WHISPER_LANGUAGE ?? "sv";
    } catch (error) {
      this.#refused(error);
      return false;
    }
    forget("server");
    field("demonstration").hidden = !this.#models.some((model) => model.resident && model.demonstration);
    this.#show();
    return true;
  }

  /** Let a key be typed in. */
  askForKey() {
    field("key-field").hidden = false;
    tell("server", apiKey.get() ? "keyWrong" : "keyNeeded");
    field("key").focus();
  }

  /** List the microphones; `used` is the id of the one that listens. */
  async showMicrophones(used = this.microphone) {
    const list = await microphones();
    const options = list
      .filter(({ id }) => id !== "default" && id !== "communications")
      .map(({ id, label: name }, at) => option(id, name || say("unnamedMicrophone", { number: at + 1 })));
    const system = option("", say("defaultMicrophone"));
    system.dataset.say = "defaultMicrophone";
    field("microphone").replaceChildren(system, ...options);
    field("microphone").value = options.some(({ value }) => value === used) ? used : "";
  }

  get #chosen() {
    return this.#models.find((model) => model.name === field("model").value);
  }

  #show() {
    this.#showModels();
    this.#showLanguages();
    this.showMicrophones();
  }

  #showModels() {
    const before = field("model").value || this.resident;
    const named = ({ name, resident }) => (resident ? name : say("filesOnly", { name }));
    field("model").replaceChildren(...this.#models.map((model) => option(model.name, named(model))));
    field("model").value = this.#models.some((model) => model.name === before) ? before : this.resident;
  }

  #showLanguages() {
    const before = field("language").options.length > 1 ? this.language : this.#default;
    const known = this.#chosen?.languages ?? this.#models.find((model) => model.resident)?.languages ?? FIRST;
    const rest = known.filter((code) => !FIRST.includes(code)).map((code) => [code, languageName(code)]);
    rest.sort(([, one], [, other]) => one.localeCompare(other, document.documentElement.lang));
    const first = FIRST.filter((code) => known.includes(code)).map((code) => [code, languageName(code)]);
    const all = [...first, ["auto", say("auto")], ...rest];
    field("language").replaceChildren(...all.map(([code, name]) => option(code, name)));
    field("language").value = all.some(([code]) => code === before) ? before : all[0][0];
  }

  async #useKey() {
    apiKey.set(field("key").value.trim());
    if (!(await this.load())) return;
    field("key-field").hidden = true;
    tell("server", "keyFine", {}, { kind: "info" });
    field("speak").focus();
  }

  #refused(error) {
    if (error.status === 401) this.askForKey();
    else tell("server", "unreachable", {}, { actions: [{ key: "retry", run: () => this.load() }] });
  }
}

function option(value, name) {
  const made = document.createElement("option");
  made.value = value;
  made.textContent = name;
  return made;
}
