/** `text/event-stream` (WHATWG HTML, "Server-sent events") as `fetch` brings it: text cut anywhere. Pure. */

export class EventParser {
  #rest = "";
  #event = "message";
  #data = [];

  /**
   * Take more text and return the events that are complete now.
   * @param {string} text
   * @returns {{event: string, data: string}[]}
   */
  push(text) {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    return lines.map((line) => this.#line(line)).filter(Boolean);
  }

  #line(line) {
    if (line === "") return this.#dispatch();
    const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (field === "event") this.#event = value;
    if (field === "data") this.#data.push(value);
    return null;
  }

  #dispatch() {
    const complete = this.#data.length ? { event: this.#event, data: this.#data.join("\n") } : null;
    this.#event = "message";
    this.#data = [];
    return complete;
  }
}
