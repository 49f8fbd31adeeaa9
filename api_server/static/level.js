/** How loud it is: the figure (pure), and the picture of the last seconds. */

/** What counts as nothing, and as too loud, in dB below full scale. */
const FLOOR = -60;
const LOUD = -3;
/** A microphone that works hears a room; digital silence means that it is muted. */
const MUTED = -75;

/** Return the level of 16-bit samples in dB of full scale, -Infinity for digital silence. */
export function decibels(/** @type {Int16Array} */ samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return 20 * Math.log10(Math.sqrt(sum / Math.max(1, samples.length)) / 32768);
}

/** Return 0 to 1 for the meter. */
export function fraction(level) {
  return Math.max(0, Math.min(1, 1 - level / FLOOR));
}

/** Return what a person should know of a level: `muted`, `quiet`, `good` or `loud`. */
export function judged(level) {
  if (level < MUTED) return "muted";
  if (level < FLOOR + 15) return "quiet";
  return level > LOUD ? "loud" : "good";
}

/** Draws levels as bars that wander to the left; one bar alone where motion is not wanted. */
export class Meter {
  #canvas;
  #levels = [];
  #still = matchMedia("(prefers-reduced-motion: reduce)");
  #told = 0;
  #due = false;

  /** @param {HTMLCanvasElement} canvas with `role="meter"` */
  constructor(canvas) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.#draw()).observe(canvas);
  }

  /** Show the next level, in dB; `words` says it to those who cannot see it, twice a second at most. */
  show(level, words) {
    this.#levels.push(fraction(level));
    this.#levels.splice(0, this.#levels.length - 400);
    if (performance.now() - this.#told > 500) {
      this.#told = performance.now();
      this.#canvas.setAttribute("aria-valuenow", String(Math.round(fraction(level) * 100)));
      this.#canvas.setAttribute("aria-valuetext", words);
    }
    if (!this.#due) requestAnimationFrame(() => this.#draw());
    this.#due = true;
  }

  /** Show nothing. */
  clear(words) {
    this.#levels = [];
    this.#canvas.setAttribute("aria-valuenow", "0");
    this.#canvas.setAttribute("aria-valuetext", words);
    this.#draw();
  }

  #draw() {
    this.#due = false;
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const scale = devicePixelRatio;
    this.#canvas.width = width * scale;
    this.#canvas.height = height * scale;
    const pen = this.#canvas.getContext("2d");
    pen.scale(scale, scale);
    const style = getComputedStyle(this.#canvas);
    if (this.#still.matches) this.#bar(pen, style, width, height);
    else this.#bars(pen, style, width, height);
  }

  #bar(pen, style, width, height) {
    pen.fillStyle = style.getPropertyValue("--line");
    pen.fillRect(0, height / 2 - 4, width, 8);
    pen.fillStyle = style.color;
    pen.fillRect(0, height / 2 - 4, width * (this.#levels.at(-1) ?? 0), 8);
  }

  #bars(pen, style, width, height) {
    const [step, thick] = [4, 2];
    const room = Math.floor(width / step);
    for (let back = 0; back < room; back++) {
      const level = this.#levels.at(-1 - back);
      const tall = Math.max(2, (level ?? 0) ** 1.5 * height);
      pen.fillStyle = level === undefined ? style.getPropertyValue("--line") : style.color;
      pen.fillRect(width - (back + 1) * step, (height - tall) / 2, thick, tall);
    }
  }
}
