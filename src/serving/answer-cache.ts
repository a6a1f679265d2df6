import { hash } from 'node:crypto';
import { messageOf, type EpochMs } from '../core/index.ts';
import type { ServingContext } from './context.ts';
import type { SignalKey } from './ports.ts';

/** A window and a ledger entry stand in the key, so nothing is kept too long; an hour only keeps the cache small. */
const CACHE_SECONDS = 3_600;
const NEAR_CHARACTERS = 8_000_000;
const VIEW_CHARACTERS = 500;

export interface AnswerBasis {
  kind: string;
  key: SignalKey;
  windowEnd: EpochMs;
  revision: number;
  /** Versions of the scorers whose words are in it; those that only price models read go with the revision. */
  scorers: string;
  text: string | string[] | undefined;
}

/** All that an answer depends on. The port puts the workspace before it. */
export function answerKey(about: AnswerBasis): string {
  const { kind, key, windowEnd, revision, scorers, text } = about;
  const digest = hash('sha256', JSON.stringify(text === undefined ? null : [text].flat()), 'base64url');
  const parts = [kind, key.asset, windowEnd, revision, key.horizonMinutes, scorers, digest];
  return `predict:${parts.join(':')}`;
}

/** Reads and writes answers that are kept. */
export interface KeptAnswers<View> {
  /** null where nothing that fits is kept. At once, where this process has it itself. */
  read(about: AnswerBasis): View | null | Promise<View | null>;
  keep(about: AnswerBasis, view: View): void | Promise<void>;
}

/**
 * Answers as they are in this process and, where the cache is shared with others, as text there. It may be away or hold
 * anything: then it is as if it held nothing.
 */
export function keepAnswers<View extends object>(
  context: ServingContext,
  schema: { parse(value: unknown): View },
): KeptAnswers<View> {
  const { ports, log } = context;
  const near = createNear<View>();

  async function readShared(about: AnswerBasis): Promise<View | null> {
    try {
      const text = await ports.cache.get(answerKey(about));
      if (text === null) return null;
      const view = schema.parse(JSON.parse(text));
      near.set(nearKey(about), view);
      return view;
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'the cache could not be read');
      return null;
    }
  }

  async function keepShared(about: AnswerBasis, view: View): Promise<void> {
    try {
      await ports.cache.set(answerKey(about), JSON.stringify(view), CACHE_SECONDS);
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'the cache could not be written');
    }
  }

  return {
    read(about) {
      const view = near.get(nearKey(about));
      if (view !== undefined) return view;
      return ports.cache.isShared() ? readShared(about) : null;
    },
    keep(about, view) {
      near.set(nearKey(about), view);
      return ports.cache.isShared() ? keepShared(about, view) : undefined;
    },
  };
}

/** The texts themselves, which are quicker to find than their hash is to make. A list of one is that text. */
function nearKey({ kind, key, windowEnd, revision, scorers, text }: AnswerBasis): string {
  const only = Array.isArray(text) && text.length === 1 ? text[0] : text;
  const written = typeof only === 'string' ? `=${only}` : (JSON.stringify(only) ?? '');
  return `${kind} ${key.asset} ${key.horizonMinutes} ${windowEnd} ${revision} ${scorers} ${written}`;
}

/** Two generations: when the younger is full the older is forgotten, so what is asked often enough stays. */
function createNear<View>(): { get(key: string): View | undefined; set(key: string, view: View): void } {
  let young = new Map<string, View>();
  let old = new Map<string, View>();
  let characters = 0;
  return {
    get: (key) => young.get(key) ?? old.get(key),
    set(key, view) {
      characters += key.length + VIEW_CHARACTERS;
      if (characters > NEAR_CHARACTERS / 2) {
        old = young;
        young = new Map();
        characters = 0;
      }
      young.set(key, view);
    },
  };
}
