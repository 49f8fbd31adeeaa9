/** The files' half of the page: one after the other, each on a sheet of its own. */

import { number, percent } from "./language.js";
import { explain, tell } from "./messages.js";
import { transcribe } from "./transcribe.js";

export class Files {
  #settings;
  #addSheet;
  #announce;
  #last = Promise.resolve();
  #open = 0;

  /**
   * @param {import("./settings.js").Settings} settings
   * @param {(about: object) => import("./sheet.js").Sheet} addSheet
   * @param {(key: string, values: object) => void} announce for those who do not see the sheet
   */
  constructor(settings, addSheet, announce) {
    this.#settings = settings;
    this.#addSheet = addSheet;
    this.#announce = announce;
  }

  /** Whether something would be lost if the page were left. */
  get busy() {
    return this.#open > 0;
  }

  /** Transcribe `files`, behind those that wait already. */
  add(/** @type {Iterable<File>} */ files) {
    for (const file of files) this.#queue(file);
  }

  #queue(file) {
    const leaving = new AbortController();
    const cancel = () => leaving.abort();
    const sheet = this.#addSheet({
      name: file.name.replace(/\.[^.]+$/, ""),
      title: { text: file.name },
      onRemove: cancel,
    });
    const { language, model } = this.#settings;
    this.#open += 1;
    sheet.progress(null, "queued", {}, cancel);
    this.#last = this.#last.then(() => this.#run(file, { language, model }, sheet, leaving)).finally(() => (this.#open -= 1));
  }

  async #run(file, fields, sheet, leaving) {
    const cancel = () => leaving.abort();
    try {
      leaving.signal.throwIfAborted();
      sheet.progress(null, "uploading", {}, cancel);
      for await (const news of transcribe(file, fields, leaving.signal)) show(news, sheet, cancel);
      sheet.finish();
      this.#announce("fileDone", { name: file.name });
    } catch (error) {
      if (leaving.signal.aborted) return sheet.finish("cancelled");
      sheet.finish("fileFailed");
      this.#complain(error, file, sheet);
    }
    return undefined;
  }

  #complain(error, file, sheet) {
    if (error.status === 401) this.#settings.askForKey();
    const again = {
      key: "retry",
      run: () => {
        sheet.remove();
        this.add([file]);
      },
    };
    const about = `file ${file.name}`;
    const known = { TypeError: "unreachable", NotReadableError: "unreadable", NotFoundError: "unreadable" }[error.name];
    if (known) tell(about, known, {}, { actions: [again] });
    else explain(about, error, { actions: [again] });
  }
}

function show({ segment, progress, waiting, full }, sheet, cancel) {
  if (segment) sheet.add(segment);
  if (progress !== undefined) sheet.progress(progress, "transcribing", { percent: percent(progress) }, cancel);
  if (waiting) sheet.progress(null, full ? "fileFull" : "fileWaiting", { seconds: number(waiting) }, cancel);
}
