/** Puts the page together. */

import { Files } from "./files.js";
import { follow } from "./follow.js";
import { begin, choose, label, say } from "./language.js";
import { Live } from "./live.js";
import { Settings } from "./settings.js";
import { Sheet } from "./sheet.js";
import { keep, kept } from "./shelf.js";

const find = (id) => document.getElementById(id);

begin();
const view = follow(find("main"), find("newest"));
const settings = new Settings((id) => live.change(id));
const live = new Live(settings, addSheet);
const files = new Files(settings, addSheet, (key, values) => label(find("status-text"), key, values));

// --- sheets

/** @type {Set<Sheet>} */
const sheets = new Set();

function addSheet(about) {
  const sheet = new Sheet(find("sheets"), {
    ...about,
    onChange: () => keep([...sheets].filter((one) => !one.empty).map((one) => one.kept)),
    onRemove: () => {
      sheets.delete(sheet);
      find("welcome").hidden = sheets.size > 0;
      about.onRemove?.();
    },
  });
  sheets.add(sheet);
  find("welcome").hidden = true;
  view.now();
  return sheet;
}

for (const { lines, ...about } of kept()) {
  const sheet = addSheet(about);
  for (const line of lines) sheet.add(line);
  sheet.finish();
}

// --- the page's language

const languages = [...document.querySelectorAll("[data-language]")];
const showLanguage = () => {
  const current = document.documentElement.lang;
  for (const button of languages) button.setAttribute("aria-pressed", String(button.dataset.language === current));
};
for (const button of languages) button.addEventListener("click", () => choose(button.dataset.language));
document.addEventListener("pagelanguage", showLanguage);
showLanguage();

// --- files

find("choose").addEventListener("click", () => find("file").click());
find("file").addEventListener("change", ({ target }) => {
  files.add([...target.files]);
  target.value = "";
});

const carriesFiles = ({ dataTransfer }) => dataTransfer?.types.includes("Files");
const shade = (shown) => find("drop").classList.toggle("shown", shown);
addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  shade(true);
});
addEventListener("dragleave", ({ relatedTarget }) => shade(relatedTarget !== null));
addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  shade(false);
  files.add(event.dataTransfer.files);
});

// --- leaving

addEventListener("beforeunload", (event) => {
  if (live.busy || files.busy) {
    event.preventDefault();
    event.returnValue = say("leaving");
  }
});

await settings.load();
document.documentElement.dataset.loaded = "";
