/** Sound as a file (RIFF WAVE). Pure. */

const HEADER = 44;

/** Return 16-bit mono samples as a wav file, `rate` in Hz. */
export function wav(/** @type {Int16Array} */ samples, rate = 16000) {
  const head = new DataView(new ArrayBuffer(HEADER));
  const name = (at, letters) => [...letters].forEach((letter, to) => head.setUint8(at + to, letter.charCodeAt(0)));
  name(0, "RIFF");
  head.setUint32(4, HEADER - 8 + samples.byteLength, true);
  name(8, "WAVEfmt ");
  head.setUint32(16, 16, true);
  head.setUint16(20, 1, true);
  head.setUint16(22, 1, true);
  head.setUint32(24, rate, true);
  head.setUint32(28, rate * 2, true);
  head.setUint16(32, 2, true);
  head.setUint16(34, 16, true);
  name(36, "data");
  head.setUint32(40, samples.byteLength, true);
  return new Blob([head, samples], { type: "audio/wav" });
}
