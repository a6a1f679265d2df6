import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { AppError, type Log, silentLog } from '../core/index.ts';
import { createApp } from './app.ts';
import { errorSchema } from './contract.ts';
import { createFakeApp, createFakePorts, FAKE_OPTIONS } from './fake-ports.ts';
import type { ServingOptions, ServingPorts } from './ports.ts';

const open: FastifyInstance[] = [];
afterEach(() => Promise.all(open.splice(0).map((app) => app.close())));

async function fakeApp(ports?: ServingPorts, options?: Partial<ServingOptions>): Promise<FastifyInstance> {
  const app = await createFakeApp(ports, options);
  open.push(app);
  return app;
}

async function listening(app: FastifyInstance): Promise<number> {
  await app.listen({ port: 0, host: '127.0.0.1' });
  return (app.server.address() as AddressInfo).port;
}

/** Writes raw bytes to a port and reads until the other side closes. */
async function sayTo(port: number, words: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const heard: Buffer[] = [];
  socket.on('data', (piece: Buffer) => heard.push(piece));
  socket.write(words);
  await once(socket, 'close');
  return Buffer.concat(heard).toString('utf8');
}

describe('errors of the API', () => {
  const JSON_TYPE = 'application/json';
  it.each([
    { asked: 'GET /nothing/here', status: 404, code: 'SERVING_ROUTE_NOT_FOUND' },
    { asked: 'DELETE /signal', status: 404, code: 'SERVING_ROUTE_NOT_FOUND' },
    { asked: 'GET /predict/vader', status: 404, code: 'SERVING_ROUTE_NOT_FOUND' },
    { asked: 'GET /%E0%A4', status: 400, code: 'SERVING_URL_UNREADABLE' },
    {
      asked: 'POST /predict/vader',
      type: 'text/plain',
      body: 'Bitcoin',
      status: 415,
      code: 'SERVING_MEDIA_TYPE_UNSUPPORTED',
    },
    {
      asked: 'POST /predict/vader',
      type: 'application/xml',
      body: '<a/>',
      status: 415,
      code: 'SERVING_MEDIA_TYPE_UNSUPPORTED',
    },
    {
      asked: 'POST /predict/vader',
      type: JSON_TYPE,
      body: '{"text":',
      status: 400,
      code: 'SERVING_BODY_UNREADABLE',
    },
    { asked: 'POST /predict/vader', type: JSON_TYPE, body: '', status: 400, code: 'SERVING_BODY_UNREADABLE' },
    {
      asked: 'POST /predict/vader',
      type: JSON_TYPE,
      body: '{"__proto__":{}}',
      status: 400,
      code: 'SERVING_BODY_UNREADABLE',
    },
    {
      asked: 'POST /predict/vader',
      type: JSON_TYPE,
      body: '"text"',
      status: 400,
      code: 'SERVING_REQUEST_INVALID',
    },
  ])('answers $asked with body $body by $status $code', async ({ asked, type, body, status, code }) => {
    const app = await fakeApp();
    const [method, url] = asked.split(' ') as ['GET' | 'POST' | 'DELETE', string];
    const headers = type === undefined ? {} : { 'content-type': type };
    const answer = await app.inject({ method, url, headers, payload: body });
    expect(answer.statusCode).toBe(status);
    const { error } = errorSchema.parse(answer.json());
    expect(error.code).toBe(code);
    expect(error.request_id).toBe(answer.headers['x-request-id']);
  });

  it('refuses a text of ten megabytes by 413', async () => {
    const app = await fakeApp();
    const payload = { text: 'x'.repeat(10_000_000) };
    const answer = await app.inject({ method: 'POST', url: '/predict/vader', payload });
    expect(answer.statusCode).toBe(413);
    expect(answer.json().error).toMatchObject({ code: 'SERVING_BODY_TOO_LARGE' });
    expect(answer.json().error.message).toContain('1048576');
  });

  it('keeps what went wrong inside to the log, under the id that the client sees', async () => {
    const written: object[] = [];
    const log: Log = { ...silentLog, error: (facts) => written.push(facts) };
    const inside = [
      new Error('password=hunter2 at db.internal'),
      new AppError({ code: 'LAKE_X', message: '/home/me/data is broken', status: 500, retryable: false }),
    ];
    for (const fault of inside) {
      const ports = createFakePorts({ performance: () => Promise.reject(fault) });
      const app = await createApp({ ports, options: FAKE_OPTIONS, log });
      open.push(app);
      const answer = await app.inject('/models/performance');
      expect(answer.statusCode).toBe(500);
      expect(answer.json().error.code).toBe('SERVING_INTERNAL');
      expect(answer.body).not.toContain(fault.message);
      expect(written.at(-1)).toMatchObject({
        requestId: answer.json().error.request_id,
        reason: fault.message,
      });
    }
  });

  it('answers OPTIONS without a text of another shape, preflight or not', async () => {
    const app = await fakeApp();
    const origin = 'http://localhost:3000';
    for (const headers of [{}, { origin, 'access-control-request-method': 'GET' }]) {
      const answer = await app.inject({ method: 'OPTIONS', url: '/signal', headers });
      expect([answer.statusCode, answer.body]).toEqual([204, '']);
      expect(answer.headers['access-control-allow-methods']).toBe('GET, HEAD, POST');
    }
  });

  it('takes over a plain request id of the client, and no other', async () => {
    const app = await fakeApp();
    const idOf = async (given: string) =>
      (await app.inject({ url: '/health', headers: { 'x-request-id': given } })).headers['x-request-id'];
    expect(await idOf('run-7.a')).toBe('run-7.a');
    expect(await idOf('a b')).not.toBe('a b');
    expect(await idOf('x'.repeat(65))).toHaveLength(36);
  });

  it('gives every other request an id that no other has, in the shape of a UUID', async () => {
    const apps = [await fakeApp(), await fakeApp()];
    const ids = await Promise.all(
      Array.from({ length: 40 }, async (_, place) => {
        const answer = await apps[place % 2]!.inject('/health');
        return String(answer.headers['x-request-id']);
      }),
    );
    expect(new Set(ids).size).toBe(40);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it('answers what is no HTTP in the same shape', async () => {
    const port = await listening(await fakeApp());
    const heard = await sayTo(port, 'hello there\r\n\r\n');
    expect(heard).toMatch(/^HTTP\/1\.1 400 /);
    expect(errorSchema.parse(JSON.parse(heard.split('\r\n\r\n')[1] ?? '')).error.code).toBe(
      'SERVING_HTTP_UNREADABLE',
    );
    const flooded = await sayTo(port, `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`);
    expect(flooded).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('never answers garbage by 500', async () => {
    const app = await fakeApp();
    const url = fc.constantFrom(
      '/signal',
      '/signal/history',
      '/features/latest',
      '/models/performance',
      '/health',
    );
    const name = fc.oneof(
      fc.constantFrom('horizon_minutes', 'asOf', 'from', 'to', 'limit', 'days', 'asset', '__proto__'),
      fc.string(),
    );
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double().map(String),
      fc.constantFrom('NaN', '1e400', '-0', '2022-02-30'),
    );
    await fc.assert(
      fc.asyncProperty(url, fc.array(fc.tuple(name, value), { maxLength: 4 }), async (path, pairs) => {
        const query = pairs.map(([key, given]) => `${escapeAny(key)}=${escapeAny(given)}`).join('&');
        expect((await app.inject(`${path}?${query}`)).statusCode).toBeLessThan(500);
      }),
      { numRuns: 60 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc
            .record({ text: fc.anything(), horizon_minutes: fc.anything() }, { requiredKeys: [] })
            .map(toJson),
        ),
        async (payload) => {
          const headers = { 'content-type': 'application/json' };
          const answer = await app.inject({ method: 'POST', url: '/predict/vader', headers, payload });
          expect(answer.statusCode).toBeLessThan(500);
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** A lone half of a pair has no UTF-8: then the bytes of what a careless client would send. */
function escapeAny(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function toJson(value: unknown): string {
  const plain = (_key: string, inner: unknown) => (typeof inner === 'bigint' ? Number(inner) : inner);
  return JSON.stringify(value, plain) ?? 'null';
}

describe('access to the API', () => {
  it('sends headers of safety with every answer, errors included', async () => {
    const app = await fakeApp();
    for (const url of ['/signal', '/nothing', '/']) {
      const { headers } = await app.inject(url);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers).not.toHaveProperty('x-powered-by');
    }
  });

  it('lets pages of this machine call it, others only when they are named', async () => {
    const allowed = async (app: FastifyInstance, origin: string) =>
      (await app.inject({ url: '/signal', headers: { origin } })).headers['access-control-allow-origin'];
    const app = await fakeApp();
    expect(await allowed(app, 'http://localhost:3000')).toBe('http://localhost:3000');
    expect(await allowed(app, 'https://elsewhere.example')).toBeUndefined();
    expect(await allowed(app, 'http://localhost.elsewhere.example')).toBeUndefined();
    const named = await fakeApp(undefined, { corsOrigins: ['https://elsewhere.example'] });
    expect(await allowed(named, 'https://elsewhere.example')).toBe('https://elsewhere.example');
    const all = await fakeApp(undefined, { corsOrigins: '*' });
    expect(await allowed(all, 'https://elsewhere.example')).toBe('*');
  });

  it('keeps what needs a key from pages that are not named, however its path is written', async () => {
    const app = await fakeApp(undefined, { corsOrigins: '*' });
    const allowed = async (method: 'POST' | 'OPTIONS', url: string) =>
      (await app.inject({ method, url, headers: { origin: 'https://elsewhere.example' } })).headers[
        'access-control-allow-origin'
      ];
    expect(await allowed('OPTIONS', '/models/status')).toBe('*');
    for (const url of ['/models/select', '/models/%73elect?x=1', '/%6dodels/deploy', '/models%2frollback']) {
      expect(await allowed('POST', url)).toBeUndefined();
      expect(await allowed('OPTIONS', url)).toBeUndefined();
    }
  });

  it('counts an OPTIONS as a request, and lets a page read that it is refused', async () => {
    const app = await fakeApp(undefined, { limits: { loopbackRequestsPerMinute: 1 } });
    const headers = { origin: 'http://localhost:3000' };
    const ask = () => app.inject({ method: 'OPTIONS', url: '/signal', headers });
    expect((await ask()).statusCode).toBe(204);
    const refused = await ask();
    expect(refused.statusCode).toBe(429);
    expect(refused.headers['access-control-allow-origin']).toBe(headers.origin);
  });

  it('tells each address how much it has left and refuses by 429 beyond, this machine more generously', async () => {
    const app = await fakeApp(undefined, { limits: { requestsPerMinute: 2, loopbackRequestsPerMinute: 3 } });
    const from = (remoteAddress: string) => app.inject({ url: '/signal', remoteAddress });
    expect((await from('203.0.113.9')).headers).toMatchObject({
      'x-ratelimit-limit': '2',
      'x-ratelimit-remaining': '1',
    });
    expect((await from('203.0.113.9')).statusCode).toBe(200);
    const refused = await from('203.0.113.9');
    expect(refused.statusCode).toBe(429);
    expect(errorSchema.parse(refused.json()).error.code).toBe('SERVING_RATE_LIMITED');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    for (const here of ['127.0.0.1', '127.8.9.9', '::1', '::ffff:127.0.0.1']) {
      expect((await from(here)).headers['x-ratelimit-limit']).toBe('3');
    }
    expect((await from('::2')).headers['x-ratelimit-limit']).toBe('2');
    const proxied = await app.inject({ url: '/signal', headers: { 'x-forwarded-for': '203.0.113.9' } });
    expect(proxied.statusCode).toBe(429);
  });
});

describe('overload', () => {
  function slowPorts() {
    const waiting: (() => void)[] = [];
    const ports = createFakePorts({
      latestSignal: () => new Promise((resolve) => waiting.push(() => resolve(null))),
    });
    return { ports, waiting, releaseAll: () => waiting.splice(0).forEach((release) => release()) };
  }

  it('is refused early by 503, while health and metrics still answer', async () => {
    const { ports, waiting, releaseAll } = slowPorts();
    const app = await fakeApp(ports, { limits: { inFlight: 2 } });
    const inside = [app.inject('/signal'), app.inject('/signal')];
    await expect.poll(() => waiting.length).toBe(2);
    const refused = await app.inject('/signal');
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '1']);
    expect(refused.json().error.code).toBe('SERVING_OVERLOADED');
    expect((await app.inject('/health')).statusCode).toBe(200);
    expect((await app.inject('/metrics')).statusCode).toBe(200);
    releaseAll();
    for (const answer of await Promise.all(inside))
      expect(answer.json().error.code).toBe('SERVING_NO_WINDOW_YET');
    const free = app.inject('/signal');
    await expect.poll(() => waiting.length).toBe(1);
    releaseAll();
    expect((await free).json().error.code).toBe('SERVING_NO_WINDOW_YET');
  });

  it('counts texts to score by themselves', async () => {
    const { ports, waiting, releaseAll } = slowPorts();
    const app = await fakeApp(ports, { limits: { scoringInFlight: 1 } });
    const post = () => app.inject({ method: 'POST', url: '/predict/vader', payload: { text: 'up' } });
    const inside = post();
    await expect.poll(() => waiting.length).toBe(1);
    expect((await post()).statusCode).toBe(503);
    expect((await app.inject('/features/latest')).statusCode).toBe(200);
    releaseAll();
    expect((await inside).statusCode).toBe(200);
  });

  it('frees the place of a client that hung up', async () => {
    const { ports, waiting, releaseAll } = slowPorts();
    const app = await fakeApp(ports, { limits: { inFlight: 1 } });
    const port = await listening(app);
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('GET /signal HTTP/1.1\r\nhost: here\r\n\r\n');
    await expect.poll(() => waiting.length).toBe(1);
    socket.destroy();
    await expect.poll(async () => (await app.inject('/features/latest')).statusCode).toBe(200);
    releaseAll();
  });
});

describe('the end', () => {
  it('answers what is under way before it closes', async () => {
    const waiting: (() => void)[] = [];
    const known = createFakePorts();
    const ports = createFakePorts({
      latestSignal: async (question) => {
        await new Promise<void>((resolve) => waiting.push(resolve));
        return known.latestSignal(question);
      },
    });
    const app = await createFakeApp(ports);
    const port = await listening(app);
    const answer = sayTo(port, 'GET /signal HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n');
    await expect.poll(() => waiting.length).toBe(1);
    const closed = app.close();
    waiting[0]?.();
    expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
    await closed;
  });

  it('refuses limits that would let nobody in', async () => {
    await expect(createFakeApp(undefined, { limits: { inFlight: 0 } })).rejects.toThrow(RangeError);
  });
});
