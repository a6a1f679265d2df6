import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom, floorTo, HOUR_MS, isoUtc, type EpochMs, type Random } from '../src/core/index.ts';
import { HORIZONS_MINUTES } from '../src/prediction/index.ts';
import type { DeploymentKind, LiveState } from '../src/registry/index.ts';
import { LOOP_END, prepareClosedLoop, PREDICT_AFTER, type ClosedLoop } from './closed-loop.ts';

/** An entry of the ledger, a prediction and an outcome as their tables hold them: not as the API reads them. */
interface Entry {
  id: number;
  at: EpochMs;
  kind: DeploymentKind;
  state: LiveState;
}
interface Predicted {
  windowEnd: EpochMs;
  horizon: number;
  arm: string;
  version: string;
  probability: number;
  sentiment: number | null;
  predictedAt: EpochMs;
  outcome: string | null;
  outcomeKnownAt: EpochMs | null;
}

const MOMENTS = 1_000;
const AT_ONCE = 25;

let loop: ClosedLoop;
let entries: Entry[];
let predictions: Predicted[];

beforeAll(async () => {
  loop = await prepareClosedLoop({ seed: 901 });
  const { pool } = loop.operation.storage!.workspace;
  const ms = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`;
  entries = (
    await pool.query<Entry>(
      `SELECT id::float8 AS id, round(${ms('at')}::numeric)::float8 AS at, kind, state FROM deployments ORDER BY id`,
    )
  ).rows;
  predictions = (
    await pool.query<Predicted>(
      `SELECT ${ms('p.window_end')} AS "windowEnd", horizon_minutes AS horizon, arm, model_version AS version,
              probability_up AS probability, sentiment, ${ms('predicted_at')} AS "predictedAt", outcome,
              ${ms('known_at')} AS "outcomeKnownAt"
       FROM predictions p LEFT JOIN outcomes o USING (asset, window_end, horizon_minutes)
       WHERE entry_delay_minutes IS NULL OR entry_delay_minutes = 0 ORDER BY p.window_end`,
    )
  ).rows;
});
afterAll(() => loop.end());

describe('a history in which models were retrained, exchanged and taken back', () => {
  it('tells each step in the ledger, in order', () => {
    expect(entries.map(({ kind }) => kind)).toEqual([
      ...['retraining', 'retraining', 'retraining', 'select', 'retraining'],
      ...['rollback', 'rollback', 'deploy'],
    ]);
    expect(entries.every(({ at }, place) => at > (entries[place - 1]?.at ?? -Infinity))).toBe(true);
  });

  it('was predicted, window by window, by the versions that the ledger names for the moment of the decision', () => {
    const governed = predictions.filter(({ arm }) => arm.includes('+'));
    const versions = new Set(governed.map(({ version }) => version));
    for (const family of ['trees', 'logistic']) {
      for (const patch of [0, 1, 2, 3]) expect(versions).toContain(`${family}@1.0.${patch}`);
    }
    for (const { arm, horizon, version, predictedAt } of governed) {
      const live = liveAt(predictedAt)?.models.find(
        (model) => model.arm === arm && model.horizonMinutes === horizon,
      );
      expect([arm, horizon, predictedAt, live?.modelVersion]).toEqual([arm, horizon, predictedAt, version]);
    }
  });
});

describe('GET /signal?asOf=T', () => {
  it(`at ${MOMENTS} random moments is what was predicted then, by the arm and version that answered then`, async () => {
    const random = createRandom(3);
    const questions = Array.from({ length: MOMENTS }, (_, place) => ({
      asOf: momentBy(random, place),
      horizon: HORIZONS_MINUTES[random.integer(2)]!,
    }));
    const seen = { arms: new Set<string>(), versions: new Set<string>(), known: 0, none: 0 };
    for (let first = 0; first < MOMENTS; first += AT_ONCE) {
      const turn = questions.slice(first, first + AT_ONCE);
      const answers = await Promise.all(turn.map(ask));
      answers.forEach((answer, place) => {
        const expected = expectedAt(turn[place]!);
        expect(answer).toEqual(expected);
        if (typeof expected === 'number') seen.none += 1;
        else {
          seen.arms.add(expected.arm);
          seen.versions.add(expected.model_version);
          if (expected.outcome !== null) seen.known += 1;
        }
      });
    }
    // Not the same answer a thousand times.
    expect([...seen.arms].sort()).toEqual(['logistic+none', 'trees+vader']);
    expect(seen.versions.size).toBeGreaterThanOrEqual(5);
    expect(seen.none).toBeGreaterThan(5);
    expect(seen.known).toBeGreaterThan(50);
  });

  it('names the entry of the ledger that the prediction was made under', async () => {
    for (const { at, state } of entries) {
      const answer = await loop.app.inject(`/signal?horizon_minutes=60&asOf=${isoUtc(at + HOUR_MS)}`);
      const id = Number(answer.headers['x-deployment']);
      const made = entries.findLast((entry) => entry.at <= Date.parse(answer.json().predicted_at as string));
      expect(id).toBe(made?.id);
      expect(answer.headers['x-price-model']).toBe(answer.json().model_version);
      expect(state.models.length).toBe(8);
    }
  });
});

/**
 * Any second from two hours before the first prediction on; every fourth in the minute between a close and its decision,
 * the only one in which the outcome of the newest prediction is known.
 */
function momentBy(random: Random, place: number): EpochMs {
  const first = PREDICT_AFTER - 2 * HOUR_MS;
  const seconds = random.integer((LOOP_END - first) / 1_000 + 61);
  const moment = first + seconds * 1_000;
  return place % 4 > 0 ? moment : floorTo(moment, HOUR_MS) + random.integer(60) * 1_000;
}

async function ask({ asOf, horizon }: { asOf: EpochMs; horizon: number }) {
  const answer = await loop.app.inject(`/signal?horizon_minutes=${horizon}&asOf=${isoUtc(asOf)}`);
  if (answer.statusCode !== 200) return answer.statusCode;
  const { arm, model_version, window_end, probability_up, predicted_at, sentiment, outcome } = answer.json();
  return { arm, model_version, window_end, probability_up, predicted_at, sentiment, outcome };
}

/** What the tables say: the newest prediction by then of the arm that the ledger names for then. */
function expectedAt({ asOf, horizon }: { asOf: EpochMs; horizon: number }) {
  const arm = liveAt(asOf)?.champions.find(({ horizonMinutes }) => horizonMinutes === horizon)?.arm;
  const found = predictions.findLast(
    (each) => each.arm === arm && each.horizon === horizon && each.predictedAt <= asOf,
  );
  if (found === undefined) return 404;
  return {
    arm: found.arm,
    model_version: found.version,
    window_end: isoUtc(found.windowEnd),
    probability_up: found.probability,
    predicted_at: isoUtc(found.predictedAt),
    sentiment: found.sentiment,
    outcome: (found.outcomeKnownAt ?? Infinity) <= asOf ? found.outcome : null,
  };
}

function liveAt(moment: EpochMs): LiveState | undefined {
  return entries.findLast(({ at }) => at <= moment)?.state;
}
