import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { AppError, silentLog, type Log } from '../../core/index.ts';
import { createApp } from '../app.ts';
import { createFakeAuthority, type FakeAuthority } from '../fake-authority.ts';
import { createFakeApp, createFakePorts, FAKE_OPTIONS } from '../fake-ports.ts';
import { createFakeScorer, createFakeScorers } from '../fake-scorers.ts';
import type { ServingOptions, ServingPorts } from '../ports.ts';

const open: FastifyInstance[] = [];
afterEach(() => Promise.all(open.splice(0).map((app) => app.close())));

async function appOf(replaced: Partial<ServingPorts> = {}, options?: Partial<ServingOptions>) {
  const authority = createFakeAuthority();
  const app = await createFakeApp(createFakePorts({ authority, ...replaced }), options);
  open.push(app);
  const post = (url: string, headers: Record<string, string>, payload?: object) =>
    app.inject({ method: 'POST', url, headers, payload });
  return { app, authority, post };
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const SELECT = { horizon_minutes: 60, arm: 'logistic+none' };
const ACTIONS: [string, object][] = [
  ['/models/select', SELECT],
  ['/models/deploy', { family: 'trees' }],
  ['/models/rollback', {}],
];

describe('GET /models/status', () => {
  it('tells what is live, what the gate decided, and the ledger', async () => {
    const { app } = await appOf();
    const answer = await app.inject('/models/status');
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      at: '2022-11-05T00:01:15Z',
      horizons: [
        { horizon_minutes: 60, champion: 'logistic+vader', since: '2022-11-04T22:00:00Z' },
        { horizon_minutes: 1_440, champion: null, since: null },
      ],
      models: [
        {
          model_version: 'logistic@1.0.2',
          // It expired at 00:00, a minute before.
          is_expired: true,
          is_champion: true,
          metrics: { log_loss: 0.692, auc: null },
        },
      ],
      gate: [{ candidate: 'logistic@1.0.2', low: null, high: null, verdict: 'promoted' }],
      deployments: [{ id: 3, changes: [{ kind: 'model' }, { kind: 'champion', to: 'logistic+vader' }] }],
      router: { revision: 3, last_swap: '2022-11-05T00:00:00Z', problem: null },
    });
  });

  it('tells how every scorer stands, why it is not there, and which arms read it', async () => {
    const ready = [createFakeScorer()];
    const states = [{ family: 'finbert', state: 'loading', progress: '61 of 110 MB' } as const];
    const { app } = await appOf({ scorers: createFakeScorers({ ready, states }) });
    const missing = {
      state: 'unavailable',
      reason: 'it was never trained',
      remedy: 'Train it.',
      read_by: [],
    };
    expect((await app.inject('/models/status')).json().scorers).toEqual([
      { family: 'vader', state: 'ready', version: 'v1.0.0', read_by: ['logistic+vader'] },
      { family: 'linear', ...missing },
      { family: 'finbert', state: 'loading', progress: '61 of 110 MB', read_by: [] },
      { family: 'cryptobert', ...missing },
      { family: 'ensemble', ...missing },
    ]);
    expect((await app.inject('/models/status?asOf=2022-11-04T23:00:00Z')).json().scorers).toBeNull();
  });

  it('tells what was live at a moment, and of no moment that has not been', async () => {
    const { app } = await appOf();
    const then = (await app.inject('/models/status?asOf=2022-11-04T23:00:00Z')).json();
    expect(then).toMatchObject({ at: '2022-11-04T23:00:00Z', router: null });
    expect(then.models[0].is_expired).toBe(false);
    const ahead = await app.inject('/models/status?asOf=2022-11-06');
    expect([ahead.statusCode, ahead.json().error.code]).toEqual([400, 'SERVING_ASOF_IN_FUTURE']);
    expect((await app.inject('/models/status?limit=501')).json().error.message).toContain('query.limit');
  });
});

describe('what changes the models', () => {
  it('is done for an operator, by either header, and answered with the entry of the ledger', async () => {
    const { post, authority } = await appOf();
    for (const headers of [bearer('ops'), { 'x-api-key': 'boss' }, { authorization: 'bearer  ops' }]) {
      for (const [url, body] of ACTIONS) {
        const answer = await post(url, headers, body);
        expect(answer.statusCode).toBe(200);
        expect(answer.json()).toMatchObject({ id: 3, actor: 'x-api-key' in headers ? 'boss' : 'ops' });
      }
    }
    const selected = await post('/models/select', bearer('ops'), SELECT);
    expect(selected.json().changes).toEqual([
      { kind: 'champion', horizon_minutes: 60, from: 'logistic+vader', to: 'logistic+none' },
    ]);
    expect(authority.rows.at(-1)).toMatchObject({
      actor: 'ops',
      keyId: 'a2',
      route: 'POST /models/select',
      outcome: 'done',
      ip: '127.0.0.1',
      requestId: selected.headers['x-request-id'],
      changed: { deployment: 3, changes: [{ kind: 'champion', to: 'logistic+none' }] },
    });
    expect(authority.rows).toHaveLength(10);
  });

  it('needs no body to go back', async () => {
    const { post } = await appOf();
    expect((await post('/models/rollback', bearer('ops'))).json()).toMatchObject({
      kind: 'rollback',
      undoes: 2,
    });
  });

  it.each([
    { who: 'nobody', headers: {}, status: 401, code: 'SERVING_KEY_MISSING', outcome: 'no-key' },
    { who: 'an empty key', headers: bearer(''), status: 401, code: 'SERVING_KEY_MISSING', outcome: 'no-key' },
    {
      who: 'a stranger',
      headers: bearer('x'),
      status: 401,
      code: 'SERVING_KEY_INVALID',
      outcome: 'unknown-key',
    },
    {
      who: 'a revoked key',
      headers: bearer('revoked'),
      status: 401,
      code: 'SERVING_KEY_INVALID',
      outcome: 'revoked-key',
    },
    {
      who: 'a viewer',
      headers: bearer('looker'),
      status: 403,
      code: 'SERVING_ROLE_INSUFFICIENT',
      outcome: 'wrong-role',
    },
  ])('is refused to $who by $status, with a row in the audit log', async (given) => {
    const changed: string[] = [];
    const refuse = (what: string) => () => {
      changed.push(what);
      return Promise.reject(new Error('not to be called'));
    };
    const { post, authority } = await appOf({
      selectChampion: refuse('select'),
      deployVersion: refuse('deploy'),
      rollBack: refuse('rollback'),
    });
    for (const [url, body] of ACTIONS) {
      const answer = await post(url, given.headers as Record<string, string>, body);
      expect([answer.statusCode, answer.json().error.code]).toEqual([given.status, given.code]);
      expect('www-authenticate' in answer.headers).toBe(given.status === 401);
      expect(authority.rows.at(-1)).toMatchObject({ outcome: given.outcome, route: `POST ${url}` });
    }
    expect(authority.rows).toHaveLength(ACTIONS.length);
    expect(changed).toEqual([]);
  });

  it('is not even read for who has no key', async () => {
    const { app } = await appOf();
    const headers = { 'content-type': 'application/json' };
    const answer = await app.inject({ method: 'POST', url: '/models/select', headers, payload: '{"ar' });
    expect(answer.statusCode).toBe(401);
  });

  it('is not done when the attempt cannot be put on record', async () => {
    const done: string[] = [];
    const broken: FakeAuthority = {
      ...createFakeAuthority(),
      record: () => Promise.reject(new Error('disk full')),
    };
    const { post } = await appOf({
      authority: broken,
      rollBack: () => Promise.reject(new Error(`${done.push('rolled back')}`)),
    });
    const answer = await post('/models/rollback', bearer('ops'));
    expect([answer.statusCode, answer.json().error.code]).toEqual([503, 'SERVING_AUDIT_UNWRITABLE']);
    expect(done).toEqual([]);
  });

  it('leaves on record what went wrong, and tells it to who holds a key', async () => {
    const fault = new AppError({
      code: 'REGISTRY_X',
      message: 'trees+vader-60.json changed',
      status: 500,
      retryable: false,
    });
    const { post, authority } = await appOf({ deployVersion: () => Promise.reject(fault) });
    const answer = await post('/models/deploy', bearer('ops'), { family: 'trees', version: '1.0.0' });
    expect(answer.statusCode).toBe(500);
    expect(answer.json().error).toMatchObject({ code: 'REGISTRY_X', message: 'trees+vader-60.json changed' });
    expect(authority.rows).toMatchObject([
      { outcome: 'failed', changed: { status: 500, code: 'REGISTRY_X' } },
    ]);
    const misspelt = await post('/models/deploy', bearer('ops'), { family: 'trees', version: 'latest' });
    expect(misspelt.statusCode).toBe(400);
    expect(authority.rows.at(-1)).toMatchObject({
      outcome: 'failed',
      changed: { status: 400, code: 'SERVING_REQUEST_INVALID' },
    });
  });

  it('answers what was done although the end of its row cannot be written', async () => {
    const errors: object[] = [];
    const log: Log = { ...silentLog, error: (facts) => errors.push(facts) };
    const authority: FakeAuthority = {
      ...createFakeAuthority(),
      complete: () => Promise.reject(new Error('connection lost')),
    };
    const app = await createApp({ ports: createFakePorts({ authority }), options: FAKE_OPTIONS, log });
    open.push(app);
    const answer = await app.inject({ method: 'POST', url: '/models/rollback', headers: bearer('ops') });
    expect(answer.statusCode).toBe(200);
    expect(errors).toMatchObject([{ reason: 'connection lost' }]);
  });

  it('is bounded like every request before the key is looked at, against guessing', async () => {
    const { app, authority } = await appOf({}, { limits: { requestsPerMinute: 2 } });
    const guess = () =>
      app.inject({
        method: 'POST',
        url: '/models/rollback',
        headers: bearer('guess'),
        remoteAddress: '203.0.113.9',
      });
    expect([(await guess()).statusCode, (await guess()).statusCode]).toEqual([401, 401]);
    expect((await guess()).statusCode).toBe(429);
    expect(authority.rows).toHaveLength(2);
  });

  it('is for pages of this origin and of those that are named, not for all and not for this machine', async () => {
    const allowed = async (corsOrigins: ServingOptions['corsOrigins'], origin: string) => {
      const { app } = await appOf({}, corsOrigins === undefined ? {} : { corsOrigins });
      const headers = { origin, 'access-control-request-method': 'POST' };
      const answer = await app.inject({ method: 'OPTIONS', url: '/models/select', headers });
      return answer.headers['access-control-allow-origin'];
    };
    expect(await allowed(undefined, 'http://localhost:3000')).toBeUndefined();
    expect(await allowed('*', 'https://elsewhere.example')).toBeUndefined();
    const named = 'https://desk.example';
    expect(await allowed([named], named)).toBe(named);
    expect(await allowed([named], 'https://elsewhere.example')).toBeUndefined();
  });

  it('asks for a horizon that is served', async () => {
    const { post } = await appOf();
    const answer = await post('/models/select', bearer('ops'), { ...SELECT, horizon_minutes: 45 });
    expect([answer.statusCode, answer.json().error.code]).toEqual([400, 'SERVING_HORIZON_UNKNOWN']);
  });
});
