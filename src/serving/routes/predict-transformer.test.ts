import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTransformer, createVader, type Transformer } from '../../sentiment/index.ts';
import { createFakeApp, createFakePorts } from '../fake-ports.ts';
import { createFakeScorers } from '../fake-scorers.ts';

const TINY = join(import.meta.dirname, '..', '..', 'sentiment', 'transformer', 'fixtures', 'tiny-bert');
const ASKED = 100;
const VERBS = ['surges', 'collapses', 'meets', 'waits', 'plunges'];
let modelDir: string;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(() => {
  modelDir = mkdtempSync(join(tmpdir(), 'bellwether-asked-'));
  cpSync(TINY, modelDir, { recursive: true });
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(() => rmSync(modelDir, { recursive: true, force: true }));

/** A server on a real port whose finbert is a real network, if a tiny one. */
async function serve(limits: { queueBound?: number; cacheEntries?: number } = {}) {
  const finbert: Transformer = await createTransformer({
    family: 'finbert',
    version: '1.0.0',
    modelDir,
    ...limits,
  });
  closing.push(() => finbert.close());
  const scorers = createFakeScorers({ ready: [createVader(), finbert] });
  const app = await createFakeApp(createFakePorts({ scorers }));
  closing.push(() => app.close());
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const ask = async (text: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}/predict/finbert`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text }),
    });
    return {
      status: answer.status,
      retryAfter: answer.headers.get('retry-after'),
      body: await answer.text(),
    };
  };
  return { finbert, ask };
}

/** All different, so that nothing is answered from memory. */
const textOf = (place: number) => `bitcoin ${VERBS[place % VERBS.length]} this week, say ${place} traders`;

describe('/predict/finbert on a real network', () => {
  it('answers a hundred who ask at once, each with what the network says of his text', async () => {
    const { finbert, ask } = await serve();
    const answers = await Promise.all(Array.from({ length: ASKED }, (_, place) => ask(textOf(place))));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: ASKED }, () => 200));
    for (const place of [0, 1, 57, 99]) {
      const [score] = await finbert.score([textOf(place)]);
      const { prediction } = JSON.parse(answers[place]!.body) as { prediction: { sentiment: number } };
      expect(prediction.sentiment).toBeCloseTo(score!.sentiment, 6);
    }
  });

  it('refuses by 503 with a time to come back what does not fit into its queue, and fails none', async () => {
    const { ask } = await serve({ queueBound: 2, cacheEntries: 1 });
    const answers = await Promise.all(
      Array.from({ length: ASKED }, (_, place) => ask(`${textOf(place)} `.repeat(200))),
    );
    const statuses = new Set(answers.map(({ status }) => status));
    expect([...statuses].sort()).toEqual([200, 503]);
    for (const { status, retryAfter, body } of answers) {
      if (status === 200) continue;
      expect(Number(retryAfter)).toBeGreaterThanOrEqual(1);
      const { error } = JSON.parse(body) as { error: { code: string; message: string } };
      expect(error.code).toBe('SENTIMENT_OVERLOADED');
    }
    // Once the rush is over it answers as before.
    expect((await ask('bitcoin surges')).status).toBe(200);
  });
});
