// The REST API, as far as the console needs it.

import { parsed } from "./json.js";

const BASE = "/api/v1";

/** What the server refused, or that it could not be asked. */
export class Problem extends Error {
  constructor(status, document) {
    super(document?.detail ?? document?.title ?? "The server cannot be reached.");
    this.status = status;
    this.slug = String(document?.type ?? "").replace("/problems/", "");
  }

  /** Whether asking again would come to the same. */
  get isFinal() {
    return this.status >= 400 && this.status < 500 && this.status !== 429;
  }
}

async function ask(method, path, { token, body } = {}) {
  const headers = {};
  if (token) headers["Authorization"] = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  let text;
  try {
    response = await fetch(BASE + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      // No user's data may stay in the browser.
      cache: "no-store",
      credentials: "omit",
    });
    text = await response.text();
  } catch {
    throw new Problem(0, null);
  }
  const document = parsed(text);
  if (!response.ok) throw new Problem(response.status, document);
  return document;
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
    try {
      return await ask(method, path, { token: this.#access, body });
    } catch (problem) {
      if (problem.slug !== "token-expired") throw problem;
    }
    await this.renew();
    return ask(method, path, { token: this.#access, body });
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
