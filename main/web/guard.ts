import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Neither the length nor the first difference of a guess can be measured. */
export const sameSecret = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

export const newToken = (): string => randomBytes(24).toString('base64url');

export type Verdict =
  { readonly ok: true } | { readonly ok: false; readonly status: 401 | 403 | 421; readonly reason: string };

const allowed: Verdict = { ok: true };

/**
 * Who may talk to the server. Every request needs a Host that is this server's (a foreign name that resolves to
 * 127.0.0.1 is DNS rebinding) and the token. Requests that change or stream something also need our Origin; programs,
 * which send none, then need the token in the Authorization header, which no foreign page can make a browser send.
 */
export class Guard {
  readonly #token: string;
  readonly #port: number;

  constructor(token: string, port: number) {
    this.#token = token;
    this.#port = port;
  }

  /** Browsers share cookies between the ports of a host: the name keeps servers apart. */
  get #cookieName(): string {
    return `terrarium-${this.#port}`;
  }

  get setCookie(): string {
    return `${this.#cookieName}=${this.#token}; HttpOnly; SameSite=Lax; Path=/`;
  }

  isToken(guess: string): boolean {
    return sameSecret(guess, this.#token);
  }

  checkHost(request: IncomingMessage): Verdict {
    const host = request.headers.host ?? '';
    if (host === `127.0.0.1:${this.#port}` || host === `localhost:${this.#port}`) return allowed;
    return { ok: false, status: 421, reason: `host "${host.slice(0, 80)}" is not this server` };
  }

  checkRead(request: IncomingMessage): Verdict {
    if (this.#hasBearer(request) || this.#hasCookie(request)) return allowed;
    return { ok: false, status: 401, reason: 'no token' };
  }

  checkAction(request: IncomingMessage): Verdict {
    const { origin } = request.headers;
    if (origin === undefined)
      return this.#hasBearer(request)
        ? allowed
        : { ok: false, status: 401, reason: 'no origin and no token in the Authorization header' };
    if (origin !== `http://${request.headers.host}`)
      return { ok: false, status: 403, reason: `origin "${origin.slice(0, 80)}" is not this server` };
    return this.checkRead(request);
  }

  #hasBearer(request: IncomingMessage): boolean {
    const match = /^Bearer ([\w-]{1,200})$/.exec(request.headers.authorization ?? '');
    return match !== null && this.isToken(match[1]);
  }

  #hasCookie(request: IncomingMessage): boolean {
    const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
    return cookies.some(
      (cookie) => cookie.startsWith(`${this.#cookieName}=`) && this.isToken(cookie.slice(this.#cookieName.length + 1)),
    );
  }
}
