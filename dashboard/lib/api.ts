import type { Failure } from './feed.ts';

const TIMEOUT_MS = 10_000;

/** The same origin that served the page; only a development server sets another. */
const BASE = process.env.NEXT_PUBLIC_API_URL ?? '';

/** The address of an endpoint or of another page of the API. */
export function apiAddress(path: string): string {
  return `${BASE}${path}`;
}

const ASKED = { headers: { accept: 'application/json' } };

export type Answer = { ok: true; body: string; data: unknown } | { ok: false; failure: Failure };

/**
 * Asks the API once. Never throws, except when the caller itself aborted.
 * @param path - with query, such as `/signal?horizon_minutes=60`
 * @param abort - ends the request when the page no longer wants it
 * @param question - sent as JSON by POST; without it the request is a GET
 */
export async function ask(path: string, abort: AbortSignal, question?: object): Promise<Answer> {
  try {
    const response = await fetch(apiAddress(path), {
      signal: AbortSignal.any([abort, AbortSignal.timeout(TIMEOUT_MS)]),
      ...(question === undefined ? ASKED : posted(question)),
      cache: 'no-store',
    });
    const body = await response.text();
    const isData = response.ok || isFailingHealth(body);
    return isData ? understood(body) : { ok: false, failure: refusal(response.status, body) };
  } catch (error) {
    if (abort.aborted) throw error;
    return { ok: false, failure: silence(error) };
  }
}

/** What an error answer of the API says; an answer that is none of its own (a proxy's page) is told by its status. */
export function refusal(status: number, body: string): Failure {
  const told = readError(body);
  return {
    kind: told === null && status >= 502 ? 'unreachable' : 'refused',
    code: told?.code ?? null,
    message: told?.message ?? `The API answered with status ${status}.`,
  };
}

function posted(question: object): RequestInit {
  return {
    method: 'POST',
    headers: { ...ASKED.headers, 'content-type': 'application/json' },
    body: JSON.stringify(question),
  };
}

function understood(body: string): Answer {
  try {
    return { ok: true, body, data: JSON.parse(body) as unknown };
  } catch {
    const message = 'Something else than the Bellwether API answers at this address.';
    return { ok: false, failure: { kind: 'unreachable', code: null, message } };
  }
}

/** A failing system answers /health with 503, and with its checks all the same: they are what a reader needs then. */
function isFailingHealth(body: string): boolean {
  try {
    const parsed = JSON.parse(body) as { status?: unknown; checks?: unknown } | null;
    return parsed?.status === 'failing' && Array.isArray(parsed.checks);
  } catch {
    return false;
  }
}

function silence(error: unknown): Failure {
  const slow = error instanceof DOMException && error.name === 'TimeoutError';
  const message = slow ? `No answer within ${TIMEOUT_MS / 1000} s.` : 'Nobody answers at this address.';
  return { kind: 'unreachable', code: null, message };
}

function readError(body: string): { code: string; message: string } | null {
  try {
    const parsed = JSON.parse(body) as { error?: { code?: unknown; message?: unknown } } | null;
    const { code, message } = parsed?.error ?? {};
    return typeof code === 'string' && typeof message === 'string' ? { code, message } : null;
  } catch {
    return null;
  }
}
