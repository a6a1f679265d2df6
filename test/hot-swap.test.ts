import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom, inTransaction, readEvents, type Random } from '../src/core/index.ts';
import { loadDeployed } from '../src/live-models.ts';
import { HORIZONS_MINUTES, NOTHING_DEPLOYED, type DeployedModels } from '../src/prediction/index.ts';
import { priceWithTexts, type ArmAnswer } from '../src/pricing.ts';
import {
  appendDeployment,
  changesToDeploy,
  createArtifactStore,
  latestDeployment,
  liveVersion,
  readDeployments,
  type Deployment,
  type LiveState,
} from '../src/registry/index.ts';
import { scorerName } from '../src/sentiment/index.ts';
import { prepareClosedLoop, type ClosedLoop } from './closed-loop.ts';
import { until } from './operation.ts';
import { ASSET } from './simulated-market.ts';

const isFull = process.env['BELLWETHER_TEST_FULL'] === '1';
const STORM = isFull ? { clients: 100, swaps: 100, rollbacks: 20 } : { clients: 10, swaps: 6, rollbacks: 2 };
/** A rollback has to be over by then. */
const ROLLBACK_MS = 5_000;

/** One request of a client with all that came back. */
interface Exchange {
  path: '/predict' | '/predict/compare' | '/signal';
  text: string | undefined;
  horizon: number;
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

let loop: ClosedLoop;
let port: number;

beforeAll(async () => {
  loop = await prepareClosedLoop({ seed: 902 });
  // An arm whose answer moves with a text, beside the trees that answer for the hour.
  await loop.order('select', { arm: 'logistic+vader', horizon_minutes: 1_440 });
  await loop.app.listen({ port: 0, host: '127.0.0.1' });
  ({ port } = loop.app.server.address() as AddressInfo);
  loop.operation.router!.start(20);
});
afterAll(async () => {
  await loop.operation.router?.stop();
  await loop.end();
});

describe('models that are exchanged while clients ask', () => {
  it(
    `answer ${STORM.clients} clients through ${STORM.swaps} swaps and ${STORM.rollbacks} rollbacks, each answer from one entry`,
    async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: STORM.clients });
      const stop = new AbortController();
      const clients = Array.from({ length: STORM.clients }, (_, client) =>
        keepAsking(agent, createRandom(client), stop.signal),
      );
      const { rollbackMs, moved } = await exchangeModels();
      stop.abort();
      const exchanges = (await Promise.all(clients)).flat();
      agent.destroy();

      expect(exchanges.filter(({ status }) => status !== 200)).toEqual([]);
      const judge = await createJudge();
      const revisions = new Set(exchanges.map(judge));
      const slowest = Math.max(...rollbackMs);
      tell(
        `${exchanges.length} requests, none failed, from ${revisions.size} entries; slowest rollback ${Math.round(slowest)} ms`,
      );
      expect(rollbackMs).toHaveLength(STORM.rollbacks);
      expect(slowest).toBeLessThan(ROLLBACK_MS);
      // Answers came from many of the entries, not from the first or last alone.
      expect(revisions.size).toBeGreaterThan(moved / 2);
      expect(exchanges.length).toBeGreaterThan(5 * moved);
    },
    isFull ? 300_000 : 30_000,
  );
});

describe('a model file of which a byte has changed', () => {
  const before = async () => (await ask('/predict', { horizon: 60, text: 'Bitcoin rallies' })).body;
  const answerOf = (body: string) => (JSON.parse(body) as { prediction: object }).prediction;

  it('is refused by deploy, by name, while everybody is answered as before and the outbox says so', async () => {
    const live = await liveNow();
    const other = liveVersion(live, { arm: 'trees+vader', horizonMinutes: 60 }) === 'trees@1.0.1' ? '2' : '1';
    const answer = answerOf(await before());
    const repair = damage(`1.0.${other}`, 'trees+none-1440');
    const refused = await tryToDeploy(`1.0.${other}`);
    expect(refused.status).not.toBe(200);
    const { error } = JSON.parse(refused.body) as { error: { code: string; message: string } };
    expect(error.code).toBe('REGISTRY_ARTIFACT_CHANGED');
    expect(error.message).toContain('trees+none-1440.json');
    expect(await newestEvent()).toMatchObject({
      kind: 'registry.version-refused',
      severity: 'critical',
      facts: { modelVersion: `trees@1.0.${other}`, actor: 'loop', code: 'REGISTRY_ARTIFACT_CHANGED' },
    });
    expect(await liveNow()).toEqual(live);
    expect(answerOf(await before())).toEqual(answer);
    repair();
    expect((await tryToDeploy(`1.0.${other}`)).status).toBe(200);
  });

  it('is refused also of the version that is live, which goes on answering from memory', async () => {
    const live = await liveNow();
    const version = liveVersion(live, { arm: 'trees+vader', horizonMinutes: 60 })!;
    const answer = answerOf(await before());
    const repair = damage(version.split('@')[1]!, 'trees+vader-60');
    const refused = await tryToDeploy(version.split('@')[1]!);
    expect(refused.body).toContain('REGISTRY_ARTIFACT_CHANGED');
    expect(refused.body).toContain('trees+vader-60.json');
    expect(await newestEvent()).toMatchObject({
      kind: 'registry.version-refused',
      facts: { modelVersion: version },
    });
    expect(await liveNow()).toEqual(live);
    expect(answerOf(await before())).toEqual(answer);
    repair();
    const again = await tryToDeploy(version.split('@')[1]!);
    expect([again.status, (JSON.parse(again.body) as { changes: [] }).changes]).toEqual([200, []]);
  });

  it('is refused by the router when the ledger names it: system takes the entry back, an event is raised', async () => {
    const { router, storage } = loop.operation;
    const live = await liveNow();
    const present = liveVersion(live, { arm: 'trees+vader', horizonMinutes: 60 });
    const other = present === 'trees@1.0.1' ? '1.0.2' : '1.0.1';
    const answer = answerOf(await before());
    const repair = damage(other, 'trees+vader-1440');
    const entry = await append(other);
    await until(async () => (await latest()).kind === 'rollback' && (await latest()).id > entry.id);
    const back = await latest();
    expect(back).toMatchObject({ actor: 'system', undoes: entry.id, state: live });
    expect(back.reason).toContain('trees+vader-1440.json');
    await router!.follow();
    expect(router!.status()).toMatchObject({
      revision: back.id,
      problem: { revision: entry.id, code: 'REGISTRY_ARTIFACT_CHANGED' },
    });
    const events = await readEvents(storage!.workspace.pool, { limit: 1_000 });
    expect(events.find(({ kind }) => kind === 'serving.deployment-refused')).toMatchObject({
      severity: 'critical',
      facts: { deployment: entry.id, code: 'REGISTRY_ARTIFACT_CHANGED' },
    });
    expect(answerOf(await before())).toEqual(answer);
    repair();
  });
});

/** Deploys versions in turn, by the API and by entries that somebody else writes, and takes some of them back. */
async function exchangeModels(): Promise<{ rollbackMs: number[]; moved: number }> {
  const { router } = loop.operation;
  const rollbackMs: number[] = [];
  const rollbackEvery = Math.floor(STORM.swaps / STORM.rollbacks);
  for (let swap = 0; swap < STORM.swaps; swap += 1) {
    const family = swap % 4 < 2 ? 'trees' : 'logistic';
    const version = `1.0.${(swap + (swap >> 2)) % 4}`;
    if (swap % 2 === 0) await loop.order('deploy', { family, version });
    else {
      const { id } = await append(version, family);
      await until(() => router!.current().revision >= id);
    }
    if ((swap + 1) % rollbackEvery !== 0 || rollbackMs.length === STORM.rollbacks) continue;
    const begun = performance.now();
    const entry = await send('/models/rollback', { body: {} });
    rollbackMs.push(performance.now() - begun);
    expect(entry.status).toBe(200);
    const { id } = JSON.parse(entry.body) as { id: number };
    const answer = await ask('/predict', { horizon: 60, text: 'Who answers after a rollback?' });
    expect(Number(answer.headers['x-deployment'])).toBe(id);
  }
  return { rollbackMs, moved: STORM.swaps + STORM.rollbacks };
}

/** One client: asks this and that, the next as soon as the last is answered. */
async function keepAsking(agent: Agent, random: Random, signal: AbortSignal): Promise<Exchange[]> {
  const exchanges: Exchange[] = [];
  while (!signal.aborted) {
    const path = (['/predict', '/predict/compare', '/signal'] as const)[random.integer(3)]!;
    const horizon = HORIZONS_MINUTES[random.integer(2)]!;
    // Some are asked often and come from the cache, others once.
    const word = ['crashes', 'rallies', 'stands still', 'is banned', 'is adopted'][random.integer(5)]!;
    const text = random.integer(4) === 0 ? undefined : `Bitcoin ${word}${'!'.repeat(random.integer(40))}`;
    exchanges.push(await ask(path, { horizon, text, agent }));
  }
  return exchanges;
}

/** Knows what every entry of the ledger must answer, made without API, cache and router. */
async function createJudge(): Promise<(exchange: Exchange) => number> {
  const { operation } = loop;
  const { workspace } = operation.storage!;
  const entries = await readDeployments(workspace.pool, { asset: ASSET, limit: 10_000 });
  const deployed = new Map<number, DeployedModels>();
  let before: DeployedModels = NOTHING_DEPLOYED;
  for (const entry of entries.toReversed()) {
    before = await loadDeployed({ workspace, featureSets: operation.models.featureSets }, entry, before);
    deployed.set(entry.id, before);
  }
  const predicted = await newestPredictions();
  const sentiments = new Map<string, number>();
  const known = new Map<string, ArmAnswer[]>();
  const texts = ['crashes', 'rallies', 'stands still', 'is banned', 'is adopted'].flatMap((word) =>
    Array.from({ length: 40 }, (_, marks) => `Bitcoin ${word}${'!'.repeat(marks)}`),
  );
  const { scorer } = operation.models;
  (await scorer.score(texts)).forEach(({ sentiment }, place) => {
    sentiments.set(texts[place]!, sentiment);
  });

  function answersOf(revision: number, { horizon, text }: Exchange): ArmAnswer[] {
    const key = JSON.stringify([revision, horizon, text]);
    const answers =
      known.get(key) ??
      priceWithTexts({
        present: operation.present!,
        deployed: deployed.get(revision)!,
        arms: operation.models.arms,
        asset: ASSET,
        horizonMinutes: horizon,
        sentiments: text === undefined ? null : new Map([[scorerName(scorer), [sentiments.get(text)!]]]),
        onFailure: (_, error) => {
          throw error;
        },
      });
    known.set(key, answers);
    return answers;
  }

  return (exchange) => {
    const revision = Number(exchange.headers['x-deployment']);
    const body = JSON.parse(exchange.body);
    if (exchange.path === '/signal') {
      // What was predicted stays what it was, whoever answers now.
      const stored = predicted.get(`${body.arm} ${exchange.horizon}`)!;
      expect([body.model_version, body.probability_up]).toEqual([stored.version, stored.probability]);
      expect(exchange.headers['x-price-model']).toBe(stored.version);
      return revision;
    }
    const expected = answersOf(revision, exchange);
    const champion = expected.find(({ isChampion }) => isChampion)!;
    expect(exchange.headers['x-price-model']).toBe(champion.modelVersion);
    if (exchange.path === '/predict') {
      expect(body.prediction.probability_up).toBe(champion.probabilityUp);
      return revision;
    }
    const told = new Map(
      (body.arms as { arm: string; model_version: string; probability_up: number }[]).map((arm) => [
        arm.arm,
        [arm.model_version, arm.probability_up],
      ]),
    );
    expect(told).toEqual(
      new Map(expected.map(({ arm, modelVersion, probabilityUp }) => [arm, [modelVersion, probabilityUp]])),
    );
    return revision;
  };
}

async function newestPredictions(): Promise<Map<string, { version: string; probability: number }>> {
  const { rows } = await loop.operation.storage!.workspace.pool.query<{
    place: string;
    version: string;
    probability: number;
  }>(
    `SELECT arm || ' ' || horizon_minutes AS place, model_version AS version, probability_up AS probability
     FROM predictions WHERE window_end = (SELECT max(window_end) FROM predictions)`,
  );
  return new Map(rows.map(({ place, ...answer }) => [place, answer]));
}

/** Writes what a deploy writes, past API and verification, as another process could. */
async function append(version: string, family = 'trees'): Promise<Deployment> {
  const { workspace } = loop.operation.storage!;
  const { manifest } = await createArtifactStore(workspace.registryDir).open(family, version);
  return inTransaction(workspace.pool, async (client) => {
    const newest = await latestDeployment(client, ASSET);
    const changes = changesToDeploy(newest!.state, manifest, { firstChampion: 'trees+vader' });
    if (changes.length === 0) return newest!;
    return appendDeployment(client, {
      asset: ASSET,
      at: newest!.at + 1,
      kind: 'deploy',
      actor: 'somebody',
      reason: 'written from elsewhere',
      changes,
      undoes: null,
    });
  });
}

async function latest(): Promise<Deployment> {
  return (await latestDeployment(loop.operation.storage!.workspace.pool, ASSET))!;
}

async function liveNow(): Promise<LiveState> {
  return (await latest()).state;
}

async function newestEvent() {
  return (await readEvents(loop.operation.storage!.workspace.pool, { limit: 10_000 })).at(-1);
}

function tryToDeploy(version: string) {
  return send('/models/deploy', { body: { family: 'trees', version } });
}

/** Changes one byte in a model file of the trees. @returns what repairs it */
function damage(version: string, model: string): () => void {
  const { registryDir } = loop.operation.storage!.workspace;
  const file = join(registryDir, 'trees', version, `${model}.json`);
  const whole = readFileSync(file);
  const changed = Buffer.from(whole);
  changed[Math.floor(changed.length / 2)]! ^= 1;
  rmSync(file);
  writeFileSync(file, changed);
  return () => {
    writeFileSync(file, whole);
  };
}

async function ask(
  path: Exchange['path'],
  { horizon, text, agent }: { horizon: number; text?: string | undefined; agent?: Agent },
): Promise<Exchange> {
  const answer =
    path === '/signal'
      ? await send(`/signal?horizon_minutes=${horizon}`, { agent })
      : await send(path, { body: { text, horizon_minutes: horizon }, agent });
  return { path, text: path === '/signal' ? undefined : text, horizon, ...answer };
}

/** Posts a body, gets without one, with the key. */
function send(
  path: string,
  { body, agent }: { body?: object; agent?: Agent | undefined },
): Promise<Pick<Exchange, 'status' | 'headers' | 'body'>> {
  const sent = body === undefined ? '' : JSON.stringify(body);
  const headers: Record<string, string | number> = { authorization: loop.authorization };
  if (body !== undefined) {
    headers['content-type'] = 'application/json';
    headers['content-length'] = Buffer.byteLength(sent);
  }
  const method = body === undefined ? 'GET' : 'POST';
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, agent, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => (text += part));
      answer.on('error', reject);
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text });
      });
    });
    asked.on('error', reject);
    asked.end(sent);
  });
}

/** The figures of the full test belong into the results. */
function tell(line: string): void {
  if (isFull) process.stderr.write(`${line}\n`);
}
