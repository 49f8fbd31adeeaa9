/** How the server is spoken to: addresses beside the page's own, the API key, errors. */

const KEPT = "api-key";
/** What may stand in a WebSocket sub-protocol (RFC 9110, token). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** A reply that is not a success. */
export class ServerError extends Error {
  /** @param {number} status @param {{code: string, message: string}} error @param {number} retryAfter seconds */
  constructor(status, error, retryAfter) {
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.retryAfter = retryAfter;
  }
}

/** The key lives as long as the tab. */
export const apiKey = {
  get: () => sessionStorage.getItem(KEPT) ?? "",
  set: (key) => sessionStorage.setItem(KEPT, key),
};

/** Return the reply to a request, or raise `ServerError`; raises `TypeError` where no server answers. */
export async function request(path, options = {}) {
  const key = apiKey.get();
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  const reply = await fetch(new URL(path, document.baseURI), { ...options, headers });
  if (!reply.ok) throw await refusal(reply);
  return reply;
}

export async function getJson(path) {
  return (await request(path)).json();
}

/** Open the stream; browsers let a page say its key only as a sub-protocol or in the address. */
export function openStream() {
  const address = new URL("ws/transcribe", document.baseURI);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  const key = apiKey.get();
  if (TOKEN.test(key)) return new WebSocket(address, [`bearer.${key}`]);
  if (key) address.searchParams.set("api_key", key);
  return new WebSocket(address);
}

async function refusal(reply) {
  const retryAfter = Number(reply.headers.get("Retry-After")) || 0;
  const document = await reply.json().catch(() => null);
  const error = document?.error ?? { code: "internal", message: `${reply.status} ${reply.statusText}` };
  return new ServerError(reply.status, error, retryAfter);
}
