import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { httpRedirectRefused, httpUnreachable } from './http-errors.ts';

/** An answer on the way to the last one, or the last one itself. */
export interface HttpHop {
  /** Without user and password. */
  url: string;
  status: number;
  /** Lower-case names; what came more than once is joined by a comma. */
  headers: Readonly<Record<string, string>>;
}

/** An answer whose body has not been read. Whoever takes it reads the body to its end or destroys it. */
export interface HttpAnswer extends HttpHop {
  body: Readable;
  /** Every answer from the first redirect on, this one last. */
  hops: readonly HttpHop[];
}

/** Asks by GET. */
export interface Http {
  /**
   * Follows redirects.
   * @throws AppError `HTTP_UNREACHABLE`, `HTTP_REDIRECT_REFUSED`; the signal's reason when it is aborted
   */
  get(url: string, options?: { headers?: Record<string, string>; signal?: AbortSignal }): Promise<HttpAnswer>;
}

export interface HttpOptions {
  /** HTTP_PROXY, HTTPS_PROXY and NO_PROXY, also in lower case: usually of `proxyEnvironment`. None: no proxy. */
  proxy?: Record<string, string | undefined>;
  /** A connection on which nothing has come for so long is given up, also in the midst of a body. */
  silenceMs?: number;
  mostRedirects?: number;
}

/** A hub on a slow line still sends something every few seconds. */
const SILENCE_MS = 30_000;
/** The Hugging Face hub needs one or two. */
const MOST_REDIRECTS = 8;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** They say who asks, so a redirect to another server must not carry them there. */
const CREDENTIALS = ['authorization', 'cookie', 'proxy-authorization'];

/**
 * An HTTP client for downloads: bodies are streams, redirects are bounded, credentials stay with the server that they
 * are for, proxies are used where the variables say so.
 * @example const { status, body } = await createHttp({ proxy: proxyEnvironment() }).get('https://example.org/')
 */
export function createHttp({
  proxy = {},
  silenceMs = SILENCE_MS,
  mostRedirects = MOST_REDIRECTS,
}: HttpOptions = {}): Http {
  const agents = { http: new HttpAgent({ proxyEnv: proxy }), https: new HttpsAgent({ proxyEnv: proxy }) };

  async function ask(
    url: URL,
    headers: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    const isSecure = url.protocol === 'https:';
    const send = isSecure ? httpsRequest : httpRequest;
    const agent = isSecure ? agents.https : agents.http;
    return new Promise((resolve, reject) => {
      const request = send(url, { agent, headers, timeout: silenceMs, ...(signal && { signal }) }, resolve);
      request.on('timeout', () => request.destroy(new Error(`nothing came for ${silenceMs / 1_000} s`)));
      request.on('error', (error) =>
        reject(signal?.aborted === true ? signal.reason : httpUnreachable(nameOf(url), reasonOf(error))),
      );
      request.end();
    });
  }

  return {
    async get(address, { headers = {}, signal } = {}) {
      const hops: HttpHop[] = [];
      const seen = new Set<string>();
      let url = new URL(address);
      let present = lowerCased(headers);
      for (;;) {
        seen.add(url.href);
        const message = await ask(url, present, signal);
        const hop = { url: nameOf(url), status: message.statusCode ?? 0, headers: flatHeaders(message) };
        hops.push(hop);
        const location = hop.headers['location'];
        if (!REDIRECTS.has(hop.status) || location === undefined) return { ...hop, body: message, hops };
        message.destroy();
        const next = followRedirect(url, location, { seen, isLast: hops.length > mostRedirects });
        if (next.origin !== url.origin) present = withoutCredentials(present);
        url = next;
      }
    },
  };
}

/**
 * Where a redirect leads.
 * @throws AppError `HTTP_REDIRECT_REFUSED`
 */
export function followRedirect(
  from: URL,
  location: string,
  { seen, isLast }: { seen: ReadonlySet<string>; isLast: boolean },
): URL {
  const refuse = (to: string, problem: string) =>
    httpRedirectRefused({ from: nameOf(from), to: to.slice(0, 200), problem });
  if (!URL.canParse(location, from.href)) throw refuse(location, 'it is no address');
  const to = new URL(location, from);
  if (to.protocol !== 'https:' && to.protocol !== 'http:')
    throw refuse(nameOf(to), 'it is neither https nor http');
  if (from.protocol === 'https:' && to.protocol === 'http:' && !isLoopback(to)) {
    throw refuse(nameOf(to), 'it leaves encryption');
  }
  if (seen.has(to.href)) throw refuse(nameOf(to), 'it was asked already, so this goes in a circle');
  if (isLast) throw refuse(nameOf(to), `${seen.size} redirects are too many`);
  return to;
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function withoutCredentials(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !CREDENTIALS.includes(name)));
}

function lowerCased(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function flatHeaders(message: IncomingMessage): Record<string, string> {
  const entries = Object.entries(message.headersDistinct).map(([name, values]) => [
    name,
    values?.join(', ') ?? '',
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** For people and logs: a signed address carries a right in its query, and a password may stand before the host. */
function nameOf(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** Several addresses of one name that all fail come as one error without a text of its own. */
function reasonOf(error: Error & { code?: string; errors?: readonly Error[] }): Error {
  if (error.message !== '') return error;
  const reasons = (error.errors ?? []).map(({ message }) => message);
  return new Error(reasons.join('; ') || error.code || 'no reason given', { cause: error });
}
