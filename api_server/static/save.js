/** Hands a file to the person. */

/** Milliseconds after which the browser has surely begun to read it. */
const READ = 60_000;

export function save(/** @type {Blob} */ blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), READ);
}
