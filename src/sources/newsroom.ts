import {
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  SECOND_MS,
  isoUtc,
  utcDay,
  type EpochMs,
  type Random,
} from '../core/index.ts';
import { SIMULATED_PUBLISHERS, spokenName, writeHeadline, writePost, type Lean } from './headlines.ts';
import type { Mood } from './market.ts';
import type { RawRecord } from './source.ts';

/** The bar during which texts appear, as far as they depend on it. */
export interface TextBar {
  openTime: EpochMs;
  /** The price at its open; texts speak of it roughly. */
  price: number;
  /** What the texts lean towards: the hidden mood, or its opposite while words have changed their meaning. */
  mood: Mood;
}

interface Style {
  perHour: number;
  /** Shares of texts that say what the mood says, and the opposite; the rest is neutral. */
  withMood: number;
  againstMood: number;
}

// Twenty articles in four hours whose mean stands more than two standard errors from zero: the mood can be read.
const NEWS: Style = { perHour: 5, withMood: 0.58, againstMood: 0.18 };
const POSTS: Style = { perHour: 3, withMood: 0.5, againstMood: 0.25 };
/** A collector sees a text this much after its publication. */
const LEAST_LAG_MS = MINUTE_MS;
const MOST_LAG_MS = 20 * MINUTE_MS;
const MOOD_MEMORY_MS = 48 * HOUR_MS;
/** The day's value of fear-and-greed is there an hour into the day. */
const INDEX_LAG_MS = HOUR_MS;

/**
 * Writes what appears during a bar: articles, posts, and at the end of a UTC day the new day's fear-and-greed. How much
 * appears does not depend on the mood, only what it says.
 */
export function createNewsroom(options: { random: Random; asset: string; barMs: number }) {
  const news = options.random.fork('news');
  const posts = options.random.fork('posts');
  const greed = options.random.fork('fear-greed');
  const subject = spokenName(options.asset);
  let articles = 0;

  function moments(random: Random, openTime: EpochMs, perHour: number) {
    const count = poisson(random, (perHour * options.barMs) / HOUR_MS);
    return Array.from({ length: count }, () => {
      const published = openTime + random.integer(options.barMs / SECOND_MS) * SECOND_MS;
      const lag = LEAST_LAG_MS + random.integer((MOST_LAG_MS - LEAST_LAG_MS) / SECOND_MS + 1) * SECOND_MS;
      return { published, seen: published + lag };
    });
  }

  function record(kind: RawRecord['kind'], feed: string, seen: EpochMs): Omit<RawRecord, 'fields'> {
    const source = `simulator:${feed}`;
    return { source, kind, asset: options.asset, origin: null, firstSeenAt: seen, backfilled: false };
  }

  return {
    articles(bar: TextBar): RawRecord[] {
      return moments(news, bar.openTime, NEWS.perHour).map(({ published, seen }) => {
        articles += 1;
        const title = writeHeadline(news, drawLean(news, NEWS, bar.mood), {
          asset: subject,
          price: bar.price,
        });
        const publisher = SIMULATED_PUBLISHERS[news.integer(SIMULATED_PUBLISHERS.length)] ?? 'Simulated Wire';
        const fields = {
          published_at: isoUtc(published),
          first_seen_at: isoUtc(seen),
          publisher,
          title,
          summary: null,
          url: `https://news.simulator.invalid/${articles}`,
        };
        return { ...record('article', 'news', seen), fields };
      });
    },
    posts(bar: TextBar): RawRecord[] {
      return moments(posts, bar.openTime, POSTS.perHour).map(({ published, seen }) => {
        const text = writePost(posts, drawLean(posts, POSTS, bar.mood), { asset: subject, price: bar.price });
        const fields = {
          posted_at: isoUtc(published),
          first_seen_at: isoUtc(seen),
          platform: 'simulator',
          text,
        };
        return { ...record('post', 'posts', seen), fields };
      });
    },
    /** @param moodsBack - the mood so many bars before the day began; 0 is the last bar of the old day */
    fearGreed(day: EpochMs, moodsBack: (bars: number) => Mood): RawRecord {
      const bars = Math.max(1, Math.round(MOOD_MEMORY_MS / options.barMs));
      let sum = 0;
      for (let back = 0; back < bars; back += 1) sum += moodsBack(back);
      const value = Math.round(50 + (28 * sum) / bars + 6 * greed.normal());
      const fields = { name: 'fear_greed', date: utcDay(day), value: Math.min(100, Math.max(0, value)) };
      return { ...record('index', 'fear-greed', day + INDEX_LAG_MS), fields };
    },
  };
}

/** True where a bar that closes then is the last of a UTC day. */
export function closesDay(closeTime: EpochMs): boolean {
  return closeTime % DAY_MS === 0;
}

function drawLean(random: Random, style: Style, mood: Mood): Lean {
  const throwOfDice = random.uniform();
  if (throwOfDice < style.withMood) return mood;
  return throwOfDice < style.withMood + style.againstMood ? (-mood as Mood) : 0;
}

/** Poisson-distributed count. @see Knuth, The Art of Computer Programming 2, 3.4.1 */
function poisson(random: Random, mean: number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.uniform(); product > limit; product *= random.uniform()) count += 1;
  return count;
}
