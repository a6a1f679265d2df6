import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createModels } from '../src/compose.ts';
import { DAY_MS, parseUtc, type EpochMs } from '../src/core/index.ts';
import { buildFeatureRows, readFeatureRows, readFeatureState } from '../src/features/index.ts';
import { bitsOf } from '../src/features/known-time.contract.ts';
import { ingest, observeInMemory } from '../src/lake/index.ts';
import { scoreObservations } from '../src/prediction/index.ts';
import { windowsBetween } from '../src/run-window.ts';
import { openHistoryFolder, type RawRecord, type Source } from '../src/sources/index.ts';
import type { TestWorkspace } from './database.ts';
import { createRunWorkspace, openTestRun, replayWindows } from './run-workspace.ts';
import { ASSET, BAR_MINUTES, GRACE_SECONDS } from './simulated-market.ts';

const HISTORY = resolve(import.meta.dirname, '../../shared/data/history');
/** The year that the replay is measured on, too. */
const SPAN = { after: parseUtc('2021-11-05'), upTo: parseUtc('2022-11-05') };
/** More than the longest memory of a feature. */
const BEFORE_MS = 40 * DAY_MS;
const EVERYTHING = { after: -Infinity, upTo: Infinity };
/** The folder's last record is years older. */
const NOW = parseUtc('2026-01-01');

// Skipped where the real history is not there: its licences do not allow it into the repository.
describe.skipIf(!existsSync(HISTORY))(
  'a year of real history (skipped without ../shared/data/history)',
  () => {
    let workspace: TestWorkspace;
    let source: Source;

    beforeAll(async () => {
      workspace = await createRunWorkspace();
      const folder = await openHistoryFolder(HISTORY, { asset: ASSET, bar: BAR_MINUTES });
      source = partOf(folder.source, { after: SPAN.after - BEFORE_MS, upTo: SPAN.upTo + DAY_MS });
      await ingest({ workspace, source, asset: ASSET, range: EVERYTHING, now: NOW });
    });
    afterAll(async () => {
      await workspace.drop();
    });

    it(
      'has the same features built in memory and run through Postgres with a restart, bit for bit',
      { timeout: 120_000 },
      async () => {
        const { featureSet, scorer } = createModels(BAR_MINUTES);
        const windows = windowsBetween(SPAN.after, SPAN.upTo, BAR_MINUTES);
        const observing = { asset: ASSET, now: NOW, range: EVERYTHING, indexNames: ['fear_greed'] };
        const { observations } = await observeInMemory(source, observing);
        const { inputs } = await scoreObservations(observations, scorer);
        const offline = buildFeatureRows({ featureSet, inputs, windows, graceSeconds: GRACE_SECONDS });
        expect(offline.windowEnds).toHaveLength(8_760);

        const middle = Math.floor(windows.length / 2) + 77;
        await replayWindows(
          windows.slice(0, middle),
          await openTestRun(workspace, { predictAfter: Infinity }),
        );
        const restarted = await openTestRun(workspace, { predictAfter: Infinity });
        expect(restarted.lastWindow).toBe(windows[middle - 1]);
        await replayWindows(windows.slice(middle), restarted);

        const online = await readFeatureRows(workspace.pool, { asset: ASSET, featureSet }, EVERYTHING);
        expect(online.windowEnds).toEqual(offline.windowEnds);
        expect(online.degraded).toEqual(offline.degraded);
        expect(firstDifference(online.values, offline.values)).toBe(-1);
        expect(bitsOf(online.values)).toBe(bitsOf(offline.values));
        const stored = await readFeatureState(workspace.pool, { asset: ASSET, featureSet });
        expect(stored?.state.serialise()).toBe(offline.state.serialise());
        // The test would be worth nothing if all were missing.
        const present = offline.values.filter((value) => !Number.isNaN(value)).length;
        expect(present / offline.values.length).toBeGreaterThan(0.9);
      },
    );
  },
);

/** The records of a source whose own stamp lies within a range. */
function partOf(source: Source, { after, upTo }: { after: EpochMs; upTo: EpochMs }): Source {
  return {
    ...source,
    async *fetch(range) {
      for await (const record of source.fetch(range)) {
        const stamp = stampOf(record);
        if (stamp > after && stamp <= upTo) yield record;
      }
    },
  };
}

function stampOf({ fields }: RawRecord): EpochMs {
  const stamp = fields['open_time'] ?? fields['published_at'] ?? fields['posted_at'] ?? fields['date'];
  return parseUtc(String(stamp));
}

function firstDifference(left: Float64Array, right: Float64Array): number {
  return left.findIndex((value, place) => !Object.is(value, right[place]));
}
