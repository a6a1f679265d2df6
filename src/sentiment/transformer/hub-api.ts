import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { isAppError, type Clock, type Http, type HttpAnswer } from '../../core/index.ts';
import { hubAnswerInvalid, hubBusy, hubForbidden, hubUnreachable, modelNotFound } from './errors.ts';
import { isSafePath, type PinnedFile } from './hub-pin.ts';

/** Where a hub is and who asks. */
export interface Hub {
  /** `https://huggingface.co`, or a mirror that speaks as it does. No slash at the end. */
  endpoint: string;
  /** For gated and private repositories. */
  token: string | null;
  http: Http;
  /** For the times that a hub names as dates. */
  clock: Clock;
}

/** Answers about a repository are a few kilobytes; what is larger is something else. */
const MOST_ANSWER_BYTES = 8 * 1_024 * 1_024;
/** Of a thousand files each. */
const MOST_PAGES = 20;

const revisionSchema = z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/) });
const treeSchema = z.array(
  z.object({
    type: z.string(),
    path: z.string(),
    oid: z.string(),
    size: z.number().int().nonnegative().optional(),
    lfs: z.object({ oid: z.string(), size: z.number().int().nonnegative() }).nullish(),
  }),
);

/**
 * What a revision means now.
 * @returns the commit, 40 hexadecimal digits
 */
export async function resolveCommit(hub: Hub, repo: string, revision: string): Promise<string> {
  const what = `${repo} at ${revision}`;
  const path = `/api/models/${repo}/revision/${encodeURIComponent(revision)}`;
  const answer = await askHub(hub, `${hub.endpoint}${path}`, { what });
  return parseAs(revisionSchema, await readJson(answer, what), what).sha;
}

/**
 * The files of a commit with the hub's own hashes.
 * @returns those whose paths can be files of a model; `sha256` of large files, `gitSha1` of small ones
 */
export async function listFiles(hub: Hub, repo: string, commit: string): Promise<PinnedFile[]> {
  const what = `the list of files of ${repo}`;
  const files: PinnedFile[] = [];
  let url: string | null = `${hub.endpoint}/api/models/${repo}/tree/${commit}?recursive=true`;
  for (let page = 0; url !== null; page += 1) {
    if (page === MOST_PAGES) throw hubAnswerInvalid(what, `it has more than ${MOST_PAGES} pages`);
    const answer: HttpAnswer = await askHub(hub, url, { what });
    const next = nextPage(answer);
    // The token goes with every page.
    if (next !== null && new URL(next).origin !== new URL(hub.endpoint).origin) {
      throw hubAnswerInvalid(what, `its next page is on another machine, ${new URL(next).origin}`);
    }
    for (const entry of parseAs(treeSchema, await readJson(answer, what), what)) {
      if (entry.type !== 'file' || !isSafePath(entry.path)) continue;
      files.push(toPinned(entry, what));
    }
    url = next;
  }
  return files;
}

/** Where the content of a file is asked for. */
export function fileUrl(
  { endpoint }: Hub,
  { repo, commit }: { repo: string; commit: string },
  path: string,
): string {
  return `${endpoint}/${repo}/resolve/${commit}/${path}`;
}

/**
 * One question to the hub.
 * @returns an answer of success, its body unread; of a part that was asked for also the refusal to give it (416)
 * @throws AppError of the catalogue; `retryable` where another try may help
 */
export async function askHub(
  { http, token, clock }: Hub,
  url: string,
  { what, headers = {}, signal }: { what: string; headers?: Record<string, string>; signal?: AbortSignal },
): Promise<HttpAnswer> {
  const own = { 'user-agent': 'bellwether', 'accept-encoding': 'identity' };
  const credentials: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const answer = await http
    .get(url, { headers: { ...own, ...credentials, ...headers }, ...(signal && { signal }) })
    .catch((error: unknown) => {
      throw retold(error, what);
    });
  if (answer.status >= 200 && answer.status < 300) return answer;
  if (answer.status === 416 && headers['range'] !== undefined) return answer;
  answer.body.destroy();
  throw refusal(answer, what, clock);
}

function retold(error: unknown, what: string): unknown {
  if (!isAppError(error)) return error;
  return error.retryable ? hubUnreachable(what, error) : hubAnswerInvalid(what, error.message, error);
}

function refusal({ status, headers }: HttpAnswer, what: string, clock: Clock): Error {
  if (status === 401 || status === 403) return hubForbidden(what, status);
  if (status === 404)
    return modelNotFound(what, headers['x-error-code'] ?? headers['x-error-message'] ?? null);
  if (status === 408 || status === 429 || status >= 500) {
    return hubBusy(what, { status, retryAfterSeconds: retryAfter(headers['retry-after'], clock) });
  }
  return hubAnswerInvalid(what, `its status is ${status}`);
}

/** Seconds, or a date. */
function retryAfter(value: string | undefined, clock: Clock): number | null {
  if (value === undefined) return null;
  if (/^\d+$/.test(value.trim())) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, (date - clock.now()) / 1_000);
}

async function readJson({ body }: HttpAnswer, what: string): Promise<unknown> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of body as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > MOST_ANSWER_BYTES) break;
      pieces.push(piece);
    }
  } catch (error) {
    throw hubUnreachable(what, error);
  }
  if (bytes > MOST_ANSWER_BYTES) throw hubAnswerInvalid(what, `it is larger than ${MOST_ANSWER_BYTES} bytes`);
  try {
    return JSON.parse(Buffer.concat(pieces).toString('utf8'));
  } catch (error) {
    throw hubAnswerInvalid(what, 'it is no JSON', error);
  }
}

function parseAs<Value>(schema: z.ZodType<Value>, value: unknown, what: string): Value {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw hubAnswerInvalid(what, `at ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not understood'}`);
}

function toPinned({ path, oid, size, lfs }: z.infer<typeof treeSchema>[number], what: string): PinnedFile {
  const sha256 = lfs?.oid.replace(/^sha256:/, '') ?? null;
  const pinned = { path, size: lfs?.size ?? size ?? 0, sha256, gitSha1: sha256 === null ? oid : null };
  const isSound = sha256 === null ? /^[0-9a-f]{40}$/.test(oid) : /^[0-9a-f]{64}$/.test(sha256);
  if (!isSound) throw hubAnswerInvalid(what, `${path} has no hash that could be one`);
  return pinned;
}

function nextPage({ headers, url }: HttpAnswer): string | null {
  const target = /<([^>]+)>\s*;\s*rel="next"/.exec(headers['link'] ?? '')?.[1];
  return target !== undefined && URL.canParse(target, url) ? new URL(target, url).href : null;
}

/** A wait that a signal ends. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await wait(ms, undefined, signal && { signal });
}
