// The REST API, as far as the console needs it.

import { parsed } from "./json.js";

const BASE = "/api/v1";

/** What the server refused, or that it could not be asked. */
export class Problem extends Error {
  constructor(status, document) {
    super(document?.detail ?? document?.title ?? "The server cannot be reached.");
    this.status = status;
    this.slug = String(document?.type ?? "").replace("/problems/", "");
    /** Which fields are wrong, where the server says so. */
    this.errors = document?.errors ?? [];
    /** Everything that the server said. */
    this.document = document;
  }

  /** Whether asking again would come to the same. */
  get isFinal() {
    return this.status >= 400 && this.status < 500 && this.status !== 429;
  }
}

/** An answer: what it says, and the headers that later requests need. */
class Answer {
  constructor(response, document) {
    this.status = response.status;
    this.document = document;
    this.etag = response.headers.get("ETag");
    this.location = response.headers.get("Location");
  }
}

/** `body` is sent as JSON, unless it is a Blob or a form. */
async function fetched(method, path, { token, body, headers: more = {} } = {}) {
  const headers = { ...more };
  if (token) headers["Authorization"] = `Bearer ${token}`;
  const isRaw = body instanceof Blob || body instanceof FormData;
  if (body !== undefined && !isRaw) headers["Content-Type"] = "application/json";
  try {
    return await fetch(BASE + path, {
      method,
      headers,
      body: body === undefined || isRaw ? body : JSON.stringify(body),
      // No user's data may stay in the browser.
      cache: "no-store",
      credentials: "omit",
    });
  } catch {
    throw new Problem(0, null);
  }
}

async function text(response) {
  try {
    return await response.text();
  } catch {
    throw new Problem(0, null);
  }
}

async function call(method, path, options) {
  const response = await fetched(method, path, options);
  const document = parsed(await text(response));
  if (!response.ok) throw new Problem(response.status, document);
  return new Answer(response, document);
}

async function ask(method, path, options) {
  return (await call(method, path, options)).document;
}

/** A logged-in user. The tokens are in here and nowhere else. */
export class Account {
  #access;
  #refresh;
  #renewing = null;

  constructor(tokens) {
    this.#keep(tokens);
  }

  static async logIn({ email, password, otp, device }) {
    const body = { email, password, device_name: device };
    if (otp) body.otp = otp;
    return new Account(await ask("POST", "/auth/token", { body }));
  }

  #keep(tokens) {
    this.#access = tokens.access_token;
    this.#refresh = tokens.refresh_token;
  }

  /** Asks in their name; where the access token has expired, once more with the next one. */
  async ask(method, path, body) {
    return (await this.call(method, path, { body })).document;
  }

  /** Like `ask`, with headers of the request and the answer. */
  call(method, path, options = {}) {
    return this.#withToken((token) => call(method, path, { ...options, token }));
  }

  /** A file of the server. */
  file(method, path, body) {
    return this.#withToken(async (token) => {
      const response = await fetched(method, path, { token, body });
      if (!response.ok) throw new Problem(response.status, parsed(await text(response)));
      return response.blob();
    });
  }

  async #withToken(request) {
    try {
      return await request(this.#access);
    } catch (problem) {
      if (problem.slug !== "token-expired") throw problem;
    }
    await this.renew();
    return request(this.#access);
  }

  /** Gets the next pair of tokens, and resolves to the access token. A refresh token is good once, so
   *  two who ask at the same time get the same pair. */
  renew() {
    this.#renewing ??= this.#exchange().finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  async #exchange() {
    this.#keep(await ask("POST", "/auth/refresh", { body: { refresh_token: this.#refresh } }));
    return this.#access;
  }

  /** What opens the chat, once. It keeps the token itself out of the address. */
  async ticket() {
    return (await this.ask("POST", "/auth/ws-ticket")).ticket;
  }

  async logOut() {
    await this.ask("POST", "/auth/logout");
  }
}
