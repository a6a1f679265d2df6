import {
  createRealClock,
  createVirtualClock,
  DAY_MS,
  floorTo,
  MINUTE_MS,
  parseUtc,
  readFact,
  SECOND_MS,
  writeFact,
  type Clock,
  type Config,
  type EpochMs,
} from '../core/index.ts';
import type { Storage } from '../compose.ts';
import { ingest, readBarSpan } from '../lake/index.ts';
import { laneFacts } from '../scorers.ts';
import { createSimulator, openHistoryFolder, type Source } from '../sources/index.ts';
import { z } from 'zod';
import { barsTooFew, candlesMissing, usageInvalid, windowsMissing } from './errors.ts';
import { requireHorizons } from './horizons.ts';
import { importOnce } from './import.ts';
import { stoppable } from './stoppable.ts';
import type { Terminal } from './terminal.ts';
import { holdoutFacts, workspaceName } from './workspace-name.ts';

/** What `start` was asked for. */
export interface StartOptions {
  history?: string;
  simulate?: boolean;
  from?: EpochMs;
  speed?: number;
  bar?: number;
  port?: number;
}

/** Which windows a start decides, once its data is there. */
export interface Schedule {
  /** Windows up to here are warm-up. */
  predictAfter: EpochMs;
  /** The first window of all lies after this. */
  beginning: EpochMs;
  /** Windows up to here are decided at once. */
  catchUpTo: EpochMs;
  /** Windows after `catchUpTo` and up to here are played; Infinity: without an end. */
  playTo: EpochMs;
  /** What moves on after the catch-up: real time, or a virtual clock at this pace (0 = it stands). */
  clock: Clock;
  windowsPerSecond: number | null;
}

/** A way to start: on history or on the simulated market. */
export interface StartPlan {
  mode: 'history' | 'simulated';
  isSimulated: boolean;
  barMinutes: number;
  workspaceName: string;
  /** Says what it is, for the terminal. */
  title: string;
  /** Where a virtual clock stands while the data is brought in; left out where real time counts, or nothing is known. */
  beginsAt?: EpochMs;
  /**
   * Brings in what is there before the first window and says what is to be done.
   * @throws the signal's reason once it is aborted; what was being brought in is then rolled back
   */
  prepare(storage: Storage, terminal: Terminal, signal?: AbortSignal): Promise<Schedule>;
  /** Brings in what has become known by this moment; nothing on history, which is imported whole. */
  collect(storage: Storage, upTo: EpochMs, signal?: AbortSignal): Promise<void>;
}

const PREDICTED_DAYS = 28;
const SIMULATED_DAYS = 60;
const SIMULATED_WARM_UP_DAYS = 30;
/** On a virtual clock the simulated market is collected this far ahead, by known time as ever. */
const COLLECT_AHEAD_MS = DAY_MS;
const ORIGIN_FACT = 'simulator-origin';
/** Up to here a played market is caught up, from here it is played; only a market on a virtual clock has it. */
export const PLAYED_FROM_FACT = 'simulator-played-from';
const COLLECTED_FACT = 'collected-up-to';

/**
 * Decides how to start and refuses what cannot be meant.
 * @param parts.real - what the simulated market takes for the present; default: the machine's clock
 * @param parts.scorers - `family@version` of those that are folded beside the reference VADER; default: none. Of a history
 *   they are part of the workspace's name, since it is played through again in no time; an invented market goes on in
 *   real time, and who joins it reads its past
 */
export async function planStart(
  options: StartOptions,
  config: Config,
  { real = createRealClock(), scorers = [] }: { real?: Clock; scorers?: readonly string[] } = {},
): Promise<StartPlan> {
  if (options.history === undefined) {
    if (options.from !== undefined)
      throw usageInvalid('--from needs --history: the simulated market begins by itself.');
    return planSimulated(options, config, real);
  }
  if (options.simulate === true)
    throw usageInvalid('--simulate and --history exclude each other: choose one.');
  return planHistory({ ...options, history: options.history }, config, scorers);
}

async function planHistory(
  options: StartOptions & { history: string },
  config: Config,
  scorers: readonly string[],
): Promise<StartPlan> {
  const dir = options.history;
  const { asset, graceSeconds } = config;
  const folder = await openHistoryFolder(dir, { asset, bar: options.bar });
  requireHorizons(folder.barMinutes);
  const { barMinutes } = folder;
  const isPlayed = options.from !== undefined || options.speed !== undefined;
  return {
    mode: 'history',
    isSimulated: false,
    barMinutes,
    beginsAt: await firstOpenTime(folder.source),
    title: `the history in ${dir}, bars of ${barMinutes} minutes`,
    workspaceName: workspaceName('history', {
      content: await folder.contentHash(),
      asset,
      bar: barMinutes,
      grace: graceSeconds,
      from: options.from ?? (isPlayed ? 'the last days' : 'end'),
      ...laneFacts(scorers),
      ...holdoutFacts(config),
    }),
    async prepare({ workspace }, terminal, signal) {
      await importOnce({ workspace, source: folder.source, asset, terminal, signal });
      const span = await readBarSpan(workspace.pool, { asset, barMinutes });
      if (span === null) throw candlesMissing(barMinutes);
      const bar = barMinutes * MINUTE_MS;
      const beginning = span.first - bar;
      if (span.first === span.last) throw barsTooFew(span.first);
      const playFrom =
        options.from ??
        (isPlayed ? Math.max(span.last - PREDICTED_DAYS * DAY_MS, beginning + 2 * bar) : span.last);
      if (!(playFrom > span.first && playFrom <= span.last)) {
        throw windowsMissing(playFrom, span, 'Choose --from after the first and up to the last of them.');
      }
      const catchUpTo = floorTo(playFrom, bar);
      return {
        beginning,
        predictAfter: Math.max(beginning, catchUpTo - PREDICTED_DAYS * DAY_MS),
        catchUpTo,
        playTo: span.last,
        clock: createVirtualClock(beginning),
        windowsPerSecond: isPlayed ? (options.speed ?? 1) : 0,
      };
    },
    collect: () => Promise.resolve(),
  };
}

/** Where the first candle of a history stands, as the source gives it: it is not through the door yet. */
async function firstOpenTime(source: Source): Promise<EpochMs | undefined> {
  for await (const { kind, fields } of source.fetch({ after: -Infinity, upTo: Infinity })) {
    if (kind !== 'candle') continue;
    const moment = parseUtc(String(fields['open_time']));
    return Number.isNaN(moment) ? undefined : moment;
  }
  return undefined;
}

function planSimulated(options: StartOptions, config: Config, real: Clock): StartPlan {
  const { asset, graceSeconds, simulatorSeed: seed, simulatorStrength: strength } = config;
  const barMinutes = options.bar ?? config.liveBarMinutes;
  requireHorizons(barMinutes);
  const { speed } = options;
  let source: Source | null = null;
  return {
    mode: 'simulated',
    isSimulated: true,
    barMinutes,
    title: `a SIMULATED market (seed ${seed}, strength ${strength}), bars of ${barMinutes} minutes; no number here is about Bitcoin`,
    // Played time runs ahead of real time, so it has a workspace of its own.
    workspaceName: workspaceName('simulated', {
      asset,
      bar: barMinutes,
      grace: graceSeconds,
      seed,
      strength,
      pace: speed === undefined ? 'real' : 'played',
      ...holdoutFacts(config),
    }),
    async prepare(storage, terminal, signal) {
      const firstOrigin = floorTo(real.now(), DAY_MS) - SIMULATED_DAYS * DAY_MS;
      const origin = await onceAndForAll(storage, ORIGIN_FACT, firstOrigin);
      source = createSimulator({ seed, asset, barMinutes, origin, sentimentStrength: strength });
      const now =
        speed === undefined ? real.now() : await onceAndForAll(storage, PLAYED_FROM_FACT, real.now());
      const catchUpTo = floorTo(now - graceSeconds * SECOND_MS, barMinutes * MINUTE_MS);
      terminal.say('  inventing the market up to now');
      await this.collect(storage, catchUpTo + graceSeconds * SECOND_MS, signal);
      return {
        beginning: origin,
        predictAfter: origin + SIMULATED_WARM_UP_DAYS * DAY_MS,
        catchUpTo,
        playTo: Infinity,
        clock: speed === undefined ? real : createVirtualClock(origin),
        windowsPerSecond: speed ?? null,
      };
    },
    async collect(storage, upTo, signal) {
      const after = (await collectedUpTo(storage)) ?? -Infinity;
      if (source === null || upTo <= after) return;
      const end = speed === undefined ? upTo : upTo + COLLECT_AHEAD_MS;
      const { workspace } = storage;
      const range = { after, upTo: end };
      await ingest({ workspace, source: stoppable(source, signal), asset, range, now: end });
      await writeFact(workspace.pool, COLLECTED_FACT, end);
    },
  };
}

/** A moment that the first start decides, so that later ones go on with the same market. */
async function onceAndForAll({ workspace }: Storage, fact: string, moment: EpochMs): Promise<EpochMs> {
  const stored = await readFact(workspace.pool, fact);
  if (stored !== undefined) return z.number().parse(stored);
  await writeFact(workspace.pool, fact, moment);
  return moment;
}

async function collectedUpTo({ workspace }: Storage): Promise<EpochMs | null> {
  const stored = await readFact(workspace.pool, COLLECTED_FACT);
  return stored === undefined ? null : z.number().parse(stored);
}
