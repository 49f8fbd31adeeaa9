/** The sheets, kept for as long as the tab is open: a reload of the page loses no text. */

const KEPT = "sheets";

/** @typedef {{name: string, title: object, lines: import("./formats.js").Line[]}} Kept */

/** Return what was kept, in order. @returns {Kept[]} */
export function kept() {
  return JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
}

/** Keep these instead. */
export function keep(/** @type {Kept[]} */ sheets) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(sheets));
  } catch {
    // More than the browser has room for: what is on the page stays on the page.
  }
}
