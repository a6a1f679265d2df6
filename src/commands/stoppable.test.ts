import { expect, it } from 'vitest';
import { openMarket } from '../../test/simulated-market.ts';
import type { Source } from '../sources/index.ts';
import { stoppable } from './stoppable.ts';

const EVERYTHING = { after: -Infinity, upTo: Infinity };
const source: Source = {
  ...openMarket({ seed: 5, bars: 0 }).simulator,
  name: 'three',
  async *fetch() {
    for (const line of [1, 2, 3]) {
      yield await Promise.resolve({
        source: 'three:news',
        kind: 'article' as const,
        asset: 'BTC-USD',
        fields: {},
        origin: { file: 'three', line },
        firstSeenAt: null,
        backfilled: true,
      });
    }
  },
};

it('a source that nobody stops gives all it has, with a signal and without', async () => {
  const { signal } = new AbortController();
  expect(await linesOf(stoppable(source, signal))).toEqual([1, 2, 3]);
  expect(stoppable(source, undefined)).toBe(source);
  expect(stoppable(source, signal).name).toBe('three');
});

it('a source that is stopped breaks off at the next record', async () => {
  const controller = new AbortController();
  const seen: number[] = [];
  const reading = linesOf(stoppable(source, controller.signal), (line) => {
    seen.push(line);
    if (line === 2) controller.abort();
  });
  await expect(reading).rejects.toThrow('aborted');
  expect(seen).toEqual([1, 2]);
});

it('a source that is stopped at its last record is not taken for whole', async () => {
  const controller = new AbortController();
  const reading = linesOf(stoppable(source, controller.signal), (line) => {
    if (line === 3) controller.abort();
  });
  await expect(reading).rejects.toThrow('aborted');
});

async function linesOf(from: Source, onLine: (line: number) => void = () => {}): Promise<number[]> {
  const lines: number[] = [];
  for await (const { origin } of from.fetch(EVERYTHING)) {
    onLine(origin!.line);
    lines.push(origin!.line);
  }
  return lines;
}
