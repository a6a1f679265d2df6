import { createHash } from 'node:crypto';
import { z } from 'zod';
import { messageOf } from '../core/index.ts';
import { scorerName } from '../sentiment/index.ts';
import type { ServingContext } from './context.ts';
import { textScoreSchema } from './contract.ts';
import type { SignalKey } from './ports.ts';
import type { PredictView, SignalView, TextScoreView } from './views.ts';

/** The feature that stands for the news of the last four hours. */
const PRESENT_SENTIMENT = 'news_sentiment_4h';
/** Scores never change for a scorer's version; an hour only keeps the cache small. */
const CACHE_SECONDS = 3_600;

const cachedScores = z.array(textScoreSchema);

interface Question {
  key: SignalKey;
  text: string | string[] | undefined;
}

/**
 * Sentiment of the texts (or of the present news) beside the present signal. Without a signal the sentiment is
 * answered all the same.
 */
export async function predict(context: ServingContext, { key, text }: Question): Promise<PredictView> {
  const { ports, options } = context;
  const began = ports.stopwatch();
  const signal = await presentSignal(context, key);
  const scored = text === undefined ? null : await scoreTexts(context, { texts: [text].flat(), signal });
  const scores = scored?.scores ?? null;
  return {
    sentiment: scores === null ? await presentSentiment(context, key.asset) : mean(scores, 'sentiment'),
    confidence: scores === null ? null : mean(scores, 'confidence'),
    signal,
    modelUsed: ports.scorer.family,
    modelVersion: `v${ports.scorer.version}`,
    featuresCount: options.featuresCount,
    cacheHit: scored?.cacheHit ?? false,
    items: Array.isArray(text) ? scores : null,
    responseTimeMs: Math.max(0, Math.round((ports.stopwatch() - began) * 1_000) / 1_000),
  };
}

async function presentSignal({ ports, log }: ServingContext, key: SignalKey): Promise<SignalView | null> {
  try {
    return await ports.latestSignal({ ...key, asOf: null });
  } catch (error) {
    log.warn(
      { reason: messageOf(error), ...key },
      'the signal is not to be had, the text is answered without it',
    );
    return null;
  }
}

async function presentSentiment({ ports }: ServingContext, asset: string): Promise<number | null> {
  const view = await ports.latestFeatures({ asset });
  const sentiment = view?.features[PRESENT_SENTIMENT] ?? NaN;
  return Number.isFinite(sentiment) ? sentiment : null;
}

async function scoreTexts(
  context: ServingContext,
  { texts, signal }: { texts: string[]; signal: SignalView | null },
): Promise<{ scores: TextScoreView[]; cacheHit: boolean }> {
  const { scorer } = context.ports;
  const digest = createHash('sha256').update(JSON.stringify(texts)).digest('hex');
  const cacheKey = `predict:${scorerName(scorer)}:${signal?.windowEnd ?? 'none'}:${digest}`;
  const cached = await readCache(context, cacheKey);
  if (cached !== null) return { scores: cached, cacheHit: true };
  const scores = (await scorer.score(texts)).map(({ sentiment, confidence, label }) => ({
    sentiment,
    confidence,
    label,
  }));
  await writeCache(context, cacheKey, scores);
  return { scores, cacheHit: false };
}

/** The cache may be away or hold anything: then it is as if it held nothing. */
async function readCache({ ports, log }: ServingContext, key: string): Promise<TextScoreView[] | null> {
  try {
    const kept = await ports.cache.get(key);
    return kept === null ? null : cachedScores.parse(JSON.parse(kept));
  } catch (error) {
    log.warn({ reason: messageOf(error) }, 'the cache could not be read');
    return null;
  }
}

async function writeCache(
  { ports, log }: ServingContext,
  key: string,
  scores: TextScoreView[],
): Promise<void> {
  try {
    await ports.cache.set(key, JSON.stringify(scores), CACHE_SECONDS);
  } catch (error) {
    log.warn({ reason: messageOf(error) }, 'the cache could not be written');
  }
}

function mean(scores: readonly TextScoreView[], field: 'sentiment' | 'confidence'): number {
  const total = scores.reduce((sum, score) => sum + score[field], 0);
  return total / scores.length;
}
