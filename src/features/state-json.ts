import { z } from 'zod';
import { messageOf } from '../core/index.ts';
import type { FoldKey } from '../lake/index.ts';
import { createBarTrack, deriveAll, type BarTrack } from './bars.ts';
import type { Tracks } from './definition.ts';
import { featureStateInvalid } from './errors.ts';
import type { FeatureSet } from './feature-set.ts';
import { createMacdTrack, createRsiTrack } from './momentum.ts';
import { BASE_HOURS, createIndexTrack, createNewsTrack, createTextTrack, MAX_TEXTS } from './texts.ts';

/** Everything that a state remembers. */
export interface StateContent {
  /** The newest input folded; nothing up to it is accepted any more. Null before the first. */
  last: FoldKey | null;
  tracks: Tracks;
}

/** JSON knows no NaN: null stands for it. Doubles come back bit for bit, because they are written shortest-exact. */
const number = z
  .number()
  .nullable()
  .transform((value) => value ?? NaN);
const count = z.int().min(0);
const ema = z.object({ count, value: number });
const texts = {
  times: z.array(z.number()).max(MAX_TEXTS),
  sentiments: z.array(number).max(MAX_TEXTS),
};

const STATE = z.object({
  featureSet: z.string(),
  last: z.object({ knownAt: z.number(), source: z.string(), id: z.string() }).nullable(),
  bars: z.object({
    newest: z.int().min(-1),
    closes: z.array(number),
    volumes: z.array(number),
    revisions: count,
  }),
  rsi: z.object({ last: number, close: number, changes: count, gain: number, loss: number }),
  macd: z.object({ last: number, fast: ema, slow: ema, signal: ema }),
  news: z.object({ ...texts, last: number, hours: z.array(count).length(BASE_HOURS) }),
  posts: z.object(texts),
  fearGreed: z.object({ day: number, knownAt: number, value: number }),
});

export function createTracks(barMinutes: number): Tracks {
  return {
    bars: createBarTrack(barMinutes),
    rsi: createRsiTrack(),
    macd: createMacdTrack(),
    news: createNewsTrack(),
    posts: createTextTrack(),
    fearGreed: createIndexTrack(),
  };
}

export function writeState(featureSet: FeatureSet, { last, tracks }: StateContent): string {
  const { newest, closes, volumes, revisions } = tracks.bars;
  // What follows from the closes and volumes is worked out again at loading.
  const bars = { newest, closes: [...closes], volumes: [...volumes], revisions };
  return JSON.stringify({ featureSet: featureSet.version, last, ...tracks, bars });
}

/** @throws AppError `FEATURES_STATE_INVALID` */
export function parseState(featureSet: FeatureSet, text: string): StateContent {
  const expected = featureSet.version;
  const parsed = STATE.safeParse(parseJson(text, expected));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw featureStateInvalid({ expected, reason: `${issue?.path.join('.')}: ${issue?.message}` });
  }
  const { featureSet: found, last, bars, ...tracks } = parsed.data;
  if (found !== expected) throw featureStateInvalid({ expected, reason: `it belongs to ${found}` });
  const track = createBarTrack(featureSet.barMinutes);
  if (bars.closes.length !== track.closes.length || bars.volumes.length !== track.closes.length) {
    throw featureStateInvalid({ expected, reason: `it holds ${bars.closes.length} bars` });
  }
  return { last, tracks: { bars: filled(track, bars), ...tracks } };
}

function filled(
  track: BarTrack,
  stored: { newest: number; closes: number[]; volumes: number[]; revisions: number },
): BarTrack {
  track.newest = stored.newest;
  track.revisions = stored.revisions;
  track.closes.set(stored.closes);
  track.volumes.set(stored.volumes);
  deriveAll(track);
  return track;
}

function parseJson(text: string, expected: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw featureStateInvalid({ expected, reason: messageOf(error) }, error);
  }
}
