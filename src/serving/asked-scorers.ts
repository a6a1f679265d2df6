import { isAppError, messageOf, type Log } from '../core/index.ts';
import {
  scorerName,
  scorerUnavailable,
  SCORER_FAMILIES,
  type Scorer,
  type Scorers,
  type ScorerState,
} from '../sentiment/index.ts';
import { scorerUnknown } from './errors.ts';
import type { PriceReaders } from './ports.ts';
import type { SilentScorerView } from './views.ts';

/** What is always there: rules and a list of words, no file and no network. */
export const PLAIN_SCORER = 'vader';
/** Whoever asks for all does not wait longer for one: a page that is being looked at may take about this. */
const PATIENCE_MS = 2_000;
const SOON_SECONDS = 5;
const READY_ELSEWHERE = 'Ask again in a few seconds, or ask /predict/vader.';

/**
 * The scorer of a family that somebody asked for by name.
 * @throws AppError `SERVING_SCORER_UNKNOWN`, or `SENTIMENT_UNAVAILABLE` with why and what would change it
 */
export function requireScorer(scorers: Scorers, family: string): Scorer {
  const state = scorers.of(family);
  if (state === null) throw scorerUnknown(family, SCORER_FAMILIES);
  if (state.state === 'ready') return state.scorer;
  const { reason, remedy } = silenceOf(state);
  throw scorerUnavailable(family, {
    reason,
    remedy,
    ...(state.state === 'loading' && { retryAfterSeconds: SOON_SECONDS }),
  });
}

/** The scorer of a family, where it is ready. */
export function readyScorer(scorers: Scorers, family: string): Scorer | null {
  const state = scorers.of(family);
  return state?.state === 'ready' ? state.scorer : null;
}

/** All families that are ready, in their order. */
export function readyScorers(scorers: Scorers): Scorer[] {
  return scorers.all().flatMap((state) => (state.state === 'ready' ? [state.scorer] : []));
}

/** All families that are not, and why. */
export function silentScorers(scorers: Scorers): SilentScorerView[] {
  return scorers.all().flatMap((state) => (state.state === 'ready' ? [] : [silenceOf(state)]));
}

/**
 * Who reads a text for the champion: the scorer that its price model was trained on, or the plain one where it reads
 * none. Behind it those who stand in, best first: what another live arm reads keeps the price honest, then any.
 */
export function* championScorers(scorers: Scorers, readers: PriceReaders): Generator<Scorer> {
  const own = championScorer(scorers, readers);
  if (own !== null) yield own;
  const told = new Set([own]);
  const others = [...readers.byArm.values()].map((name) => scorers.named(name));
  for (const scorer of [...others, ...readyScorers(scorers)]) {
    if (scorer === null || told.has(scorer)) continue;
    told.add(scorer);
    yield scorer;
  }
}

/** The first of them; null while it is not there. */
function championScorer(scorers: Scorers, { champion }: PriceReaders): Scorer | null {
  return champion === null ? readyScorer(scorers, PLAIN_SCORER) : scorers.named(champion);
}

/** What a scorer gave beside what was asked for, or why it did not. */
export type Aside<Given> =
  | { scorer: Scorer; given: Given; silence: null }
  | { scorer: Scorer; given: null; silence: SilentScorerView };

/**
 * Asks a scorer for something without which there is an answer all the same: it never fails, and never takes long.
 * @param parts.patienceMs - how long is waited; Infinity: as long as it takes
 */
export async function askAside<Given>(
  scorer: Scorer,
  ask: () => Promise<Given>,
  { log, patienceMs = PATIENCE_MS }: { log: Log; patienceMs?: number },
): Promise<Aside<Given>> {
  const { family } = scorer;
  const silent = (reason: string, remedy: string): Aside<Given> => ({
    scorer,
    given: null,
    silence: { scorer: family, reason, remedy },
  });
  try {
    const given = await withPatience(ask(), patienceMs);
    if (given === LATE) return silent(`No answer within ${patienceMs / 1_000} s.`, READY_ELSEWHERE);
    return { scorer, given, silence: null };
  } catch (error) {
    if (isAppError(error) && error.status === 503)
      return silent(error.message, 'Ask again in a few seconds.');
    log.error({ scorer: scorerName(scorer), reason: messageOf(error) }, 'a scorer failed');
    return silent('It failed inside; the log tells why.', 'Restart it, or ask another scorer.');
  }
}

const LATE = Symbol('late');

async function withPatience<Given>(
  promise: Promise<Given>,
  patienceMs: number,
): Promise<Given | typeof LATE> {
  if (patienceMs === Infinity) return promise;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(resolve, patienceMs, LATE);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function silenceOf(state: Exclude<ScorerState, { state: 'ready' }>): SilentScorerView {
  const { family: scorer } = state;
  return state.state === 'loading'
    ? { scorer, reason: `It is being made ready (${state.progress}).`, remedy: READY_ELSEWHERE }
    : { scorer, reason: withStop(state.reason), remedy: state.remedy };
}

function withStop(words: string): string {
  return /[.!?]$/.test(words) ? words : `${words}.`;
}
