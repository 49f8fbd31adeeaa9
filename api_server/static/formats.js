/** Lines as files: plain text, SubRip and WebVTT, byte for byte as `shared/render.py` writes them. Pure. */

/** @typedef {{start: number, end: number, text: string}} Line seconds, and what was said */

/** What can be downloaded, by the name's ending. */
export const FORMATS = {
  txt: { type: "text/plain;charset=utf-8", write: text },
  srt: { type: "application/x-subrip;charset=utf-8", write: srt },
  vtt: { type: "text/vtt;charset=utf-8", write: vtt },
};

/** Return `HH:MM:SS` and milliseconds behind `decimal`; hours grow past 99 rather than wrap. */
export function timestamp(seconds, decimal) {
  const all = Math.max(0, Math.round(seconds * 1000));
  const two = (number) => String(Math.floor(number)).padStart(2, "0");
  const clock = [all / 3_600_000, (all / 60_000) % 60, (all / 1000) % 60].map(two).join(":");
  return `${clock}${decimal}${String(all % 1000).padStart(3, "0")}`;
}

export function text(/** @type {Line[]} */ lines) {
  return said(lines)
    .map((line) => `${line.text}\n`)
    .join("");
}

export function srt(/** @type {Line[]} */ lines) {
  return said(lines)
    .map((line, at) => `${at + 1}\n${span(line, ",")}\n${line.text}\n`)
    .join("\n");
}

export function vtt(/** @type {Line[]} */ lines) {
  const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `WEBVTT\n${said(lines)
    .map((line) => `\n${span(line, ".")}\n${escaped(line.text)}\n`)
    .join("")}`;
}

function span({ start, end }, decimal) {
  return `${timestamp(start, decimal)} --> ${timestamp(end, decimal)}`;
}

/** A blank line would end a cue, and an arrow would be read as a time. */
function said(lines) {
  return lines
    .map((line) => ({ ...line, text: line.text.trim().replace(/\s+/g, " ").replaceAll("-->", "->") }))
    .filter((line) => line.text);
}
