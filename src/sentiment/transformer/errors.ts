import { AppError, isAppError, messageOf, type ErrorFacts } from '../../core/index.ts';
import type { ScorerState } from '../scorers.ts';

/** Why something is not to be had, and what somebody can do about it: whole sentences. */
interface Trouble {
  reason: string;
  remedy: string;
  cause?: unknown;
  more?: Record<string, unknown>;
}

type Kind = Pick<ErrorFacts, 'code' | 'status' | 'retryable'>;

function trouble(kind: Kind, { reason, remedy, cause, more }: Trouble): AppError {
  return new AppError(
    { ...kind, message: `${reason} ${remedy}`, details: { reason, remedy, ...more } },
    { cause },
  );
}

/** The hub has no such repository, revision or file. */
export function modelNotFound(what: string, hubSays: string | null): AppError {
  return trouble(
    { code: 'SENTIMENT_MODEL_NOT_FOUND', status: 404, retryable: false },
    {
      reason: `The hub has no ${what}${hubSays === null ? '' : ` (it says: ${hubSays})`}.`,
      remedy: 'Check repository and revision in the settings, or give a folder that holds the model.',
    },
  );
}

/** The hub wants to know who asks, or does not let them. */
export function hubForbidden(what: string, status: number): AppError {
  return trouble(
    { code: 'SENTIMENT_HUB_FORBIDDEN', status: 403, retryable: false },
    {
      reason: `The hub does not give out ${what} (status ${status}).`,
      remedy:
        'If the repository is gated or private, accept its terms on the hub and set a token; it may also be misspelt.',
    },
  );
}

/** Too many questions, or a fault of the hub's own, again and again. */
export function hubBusy(what: string, facts: { status: number; retryAfterSeconds: number | null }): AppError {
  const { status, retryAfterSeconds } = facts;
  const wait = retryAfterSeconds === null ? 'later' : `in ${Math.ceil(retryAfterSeconds)} s`;
  return trouble(
    { code: 'SENTIMENT_HUB_BUSY', status: 503, retryable: true },
    {
      reason: `The hub cannot answer for ${what} now (status ${status}).`,
      remedy: `Try again ${wait}; what has arrived is kept.`,
      more: { hubStatus: status, retryAfterSeconds },
    },
  );
}

/** No network, or a connection that broke off. */
export function hubUnreachable(what: string, cause: unknown): AppError {
  return trouble(
    { code: 'SENTIMENT_HUB_UNREACHABLE', status: 503, retryable: true },
    {
      reason: `${what} could not be fetched: ${messageOf(cause).replace(/\.?$/, '.')}`,
      remedy:
        'Check the network and the proxy variables and try again, what has arrived is kept; or name a folder that holds the model (BELLWETHER_FINBERT, BELLWETHER_CRYPTOBERT).',
      cause,
    },
  );
}

/** Whoever answers at the hub's address does not speak as the hub does. */
export function hubAnswerInvalid(what: string, problem: string, cause?: unknown): AppError {
  return trouble(
    { code: 'SENTIMENT_HUB_ANSWER_INVALID', status: 502, retryable: false },
    {
      reason: `The answer to ${what} cannot be used: ${problem.replace(/\.?$/, '.')}`,
      remedy: 'Check the endpoint in the settings and any proxy or mirror on the way.',
      cause,
    },
  );
}

/** A file is not what the hub, the settings or the first fetch say that it is. */
export function modelCorrupt(file: string, problem: string): AppError {
  return trouble(
    { code: 'SENTIMENT_MODEL_CORRUPT', status: 502, retryable: false },
    {
      reason: `${file} is not what it should be: ${problem}.`,
      remedy:
        'It is not used. Remove it to have it fetched anew; if that does not help, the hub or a proxy changes it.',
      more: { file },
    },
  );
}

/** Nothing may be fetched, and not everything is there. */
export function modelOffline(repo: string, folder: string): AppError {
  return trouble(
    { code: 'SENTIMENT_MODEL_OFFLINE', status: 503, retryable: false },
    {
      reason: `${repo} is not, or not whole, in ${folder}, and the system is set to stay offline.`,
      remedy:
        'Let it go online once, or name a folder that holds the model (BELLWETHER_FINBERT, BELLWETHER_CRYPTOBERT).',
    },
  );
}

/** The disk has no room for a model, or does not take it. */
export function modelDiskRefused(
  folder: string,
  facts: { problem: string; neededBytes?: number; cause?: unknown },
): AppError {
  return trouble(
    { code: 'SENTIMENT_MODEL_DISK', status: 507, retryable: true },
    {
      reason: `The model does not fit into ${folder}: ${facts.problem}.`,
      remedy: 'Free space there or make it writable, then try again.',
      cause: facts.cause,
      more: { folder, neededBytes: facts.neededBytes ?? null },
    },
  );
}

/** The files are there, and no classifier of sentiment that this program can run. */
export function modelUnusable(facts: {
  place: string;
  problem: string;
  remedy: string;
  cause?: unknown;
}): AppError {
  return trouble(
    { code: 'SENTIMENT_MODEL_UNUSABLE', status: 500, retryable: false },
    {
      reason: `The model in ${facts.place} cannot be used: ${facts.problem}.`,
      remedy: facts.remedy,
      cause: facts.cause,
    },
  );
}

/** The state of a family that could not be made ready, from whatever prevented it. */
export function unavailableBecause(family: string, error: unknown): ScorerState {
  const { reason, remedy } = isAppError(error) ? error.details : {};
  return {
    family,
    state: 'unavailable',
    reason: typeof reason === 'string' ? reason : messageOf(error),
    remedy: `${typeof remedy === 'string' ? remedy : 'Mend that, or deploy another version.'} Asked for by name it is tried again, once a minute.`,
  };
}

/** The thread that runs a model has ended, and its successor, too, with the same texts. */
export function engineDied(family: string, cause: unknown): AppError {
  return trouble(
    { code: 'SENTIMENT_ENGINE_DIED', status: 503, retryable: true },
    {
      reason: `The thread that runs ${family} has ended: ${messageOf(cause).replace(/\.?$/, '.')}`,
      remedy: 'Ask again, another one is started; if it comes back, memory is short or the model is damaged.',
      cause,
      more: { family },
    },
  );
}

/** Texts for a scorer that was let go of. */
export function engineClosed(family: string): AppError {
  return trouble(
    { code: 'SENTIMENT_ENGINE_CLOSED', status: 503, retryable: true },
    {
      reason: `This ${family} has been closed.`,
      remedy: 'Ask again; its successor answers.',
      more: { family },
    },
  );
}
