import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { predictAnswerSchema, signalSchema } from '../src/serving/contract.ts';
import { compare } from './api.ts';
import { COUNTER, generateLoad, type LoadPlan } from './load.ts';
import { startPeer } from './peers/peer.ts';

const exampleOf = (schema: z.ZodType) => {
  const { examples } = schema.meta() as { examples: unknown };
  return JSON.stringify(Object.values(examples as Record<string, unknown>)[0]);
};
const SIGNAL = exampleOf(signalSchema);
const PREDICT = exampleOf(predictAnswerSchema);
const servers: Server[] = [];

afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(answer: RequestListener): Promise<number> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  return (server.address() as AddressInfo).port;
}

const ask = (port: number, changes: Partial<LoadPlan> = {}) =>
  generateLoad({
    port,
    method: 'GET',
    path: '/signal',
    bodies: [],
    answer: 'signal',
    connections: 4,
    durationMs: 60,
    ...changes,
  });

describe('generateLoad', () => {
  it('counts answers of the expected shape, and keeps its connections', async () => {
    const sockets = new Set<unknown>();
    const port = await serve((request, response) => {
      sockets.add(request.socket);
      response.setHeader('content-length', SIGNAL.length).end(SIGNAL);
    });
    const result = await ask(port);
    expect(result).toMatchObject({ errors: 0, firstError: null });
    expect(result.requestsPerSecond).toBeGreaterThan(sockets.size);
    expect(result.p50Ms).toBeLessThanOrEqual(result.p99Ms);
    expect(sockets.size).toBe(4);
  });

  it('counts a refusal, another shape, what is no JSON, and a broken connection as errors', async () => {
    const bodies: Record<string, (text: string) => Promise<number>> = {
      'status 503: full': (text) =>
        serve((_, response) => response.writeHead(503, { 'content-length': text.length }).end(text)),
      'another shape': () =>
        serve((_, response) => response.writeHead(200, { 'content-length': PREDICT.length }).end(PREDICT)),
      'no JSON: <p>': () =>
        serve((_, response) => response.writeHead(200, { 'content-length': 3 }).end('<p>')),
    };
    for (const [reason, start] of Object.entries(bodies)) {
      const result = await ask(await start('full'));
      expect(result.errors).toBeGreaterThan(0);
      expect(result.firstError).toContain(reason);
    }
    const broken = await ask(await serve((request) => request.socket.destroy()));
    expect(broken).toMatchObject({ requestsPerSecond: 0, p50Ms: NaN });
    expect(broken.errors).toBeGreaterThan(0);
  });

  it('takes the bodies in turns and asks nothing twice where they have a counter', async () => {
    const asked: string[] = [];
    const port = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        asked.push(body);
        response.setHeader('content-length', PREDICT.length).end(PREDICT);
      });
    });
    const bodies = [`{"text":"up ${COUNTER}"}`, `{"text":"down ${COUNTER}"}`];
    const plan = { method: 'POST', bodies, answer: 'predict' } as const;
    expect((await ask(port, plan)).errors).toBe(0);
    await ask(port, plan);
    expect(asked.length).toBeGreaterThan(8);
    expect(new Set(asked).size).toBe(asked.length);
    for (const shape of [/^{"text":"up \d{9}"}$/, /^{"text":"down \d{9}"}$/]) {
      expect(asked).toContainEqual(expect.stringMatching(shape));
    }
  });

  it('refuses more connections or time than there may be', async () => {
    await expect(ask(1, { connections: 1_001 })).rejects.toThrow(RangeError);
    await expect(ask(1, { durationMs: 3_600_000 })).rejects.toThrow(RangeError);
  });
});

describe('the api benchmark', () => {
  it('is even where bare Fastify stands in our place, and names each peer in ratios or in missing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-api-test-'));
    const file = join(folder, 'answers.json');
    writeFileSync(file, `{"signal":${SIGNAL},"predict":${PREDICT}}`);
    const ours = await startPeer('node', new URL('./peers/bare-fastify.ts', import.meta.url), [file]);
    try {
      const context = { root: '/nowhere', stopwatch: () => performance.now(), progress: () => {} };
      const load = { rounds: 1, roundMs: 100, connections: 8 };
      const { figures, ratios, missing } = await compare(context, { port: Number(ours.facts['port']), load });
      expect(Object.keys(ratios)).toEqual(expect.arrayContaining(['bare-fastify', 'limit-20-ms-p99']));
      expect(Object.keys(ratios).includes('fastapi')).toBe(!missing.includes('fastapi'));
      for (const name of ['signal', 'predict-same-text', 'predict-new-texts']) {
        expect(figures[`${name}-ours-errors`]).toBe(0);
        expect(figures[`${name}-bare-fastify-requests-per-second`]).toBeGreaterThan(0);
      }
      expect(figures[`${String(figures['bare-fastify-ratio-is-of'])}-bare-fastify-ratio`]).toBe(
        ratios['bare-fastify'],
      );
    } finally {
      ours.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
