import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../../test/database.ts';
import { createVirtualClock, parseUtc } from '../core/index.ts';
import { createKey, isKeyName, listKeys, revokeKey, servingMigrations } from './api-keys.ts';
import { createAuthority, includesRole, type Attempt, type Authority } from './auth.ts';

const NOW = parseUtc('2022-11-05T00:01:00Z');
const clock = createVirtualClock(NOW);
let workspace: TestWorkspace;
let authority: Authority;
beforeAll(async () => {
  workspace = await createTestWorkspace([servingMigrations]);
  authority = createAuthority({ database: () => workspace.pool, clock });
});
afterAll(() => workspace.drop());

async function rows() {
  const { rows } = await workspace.pool.query<Record<string, unknown>>('select * from audit_log order by id');
  return rows;
}

const ATTEMPT: Attempt = {
  actor: 'ops',
  keyId: 'a2',
  route: 'POST /models/select',
  outcome: 'started',
  ip: '127.0.0.1',
  requestId: 'r-1',
};

describe('API keys', () => {
  it('are known by their secret, whose hash alone is stored', async () => {
    const { id, key } = await createKey(workspace.pool, { name: 'known', role: 'operator' }, clock);
    expect(await authority.identify(key)).toEqual({
      status: 'known',
      holder: { id, name: 'known', role: 'operator' },
    });
    const secret = key.slice(`bw_${id}_`.length);
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    const { rows } = await workspace.pool.query<object>('select * from api_keys where id = $1', [id]);
    expect(JSON.stringify(rows)).not.toContain(secret);
    expect(rows[0]).toMatchObject({ secret_hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
  });

  it('are not known by any other words', async () => {
    const { id, key } = await createKey(workspace.pool, { name: 'guessed', role: 'admin' }, clock);
    const other = await createKey(workspace.pool, { name: 'other', role: 'admin' }, clock);
    const swapped = `bw_${id}_${other.key.slice(`bw_${id}_`.length)}`;
    expect(await authority.identify(swapped)).toEqual({ status: 'unknown', keyId: id });
    expect(await authority.identify(`bw_000000000000_${'A'.repeat(43)}`)).toEqual({
      status: 'unknown',
      keyId: '000000000000',
    });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.string().map((end) => key.slice(0, -1) + end),
        ),
        async (said) => {
          fc.pre(said !== key);
          expect((await authority.identify(said)).status).toBe('unknown');
        },
      ),
      { numRuns: 40 },
    );
  });

  it('open nothing once they are revoked, and free their name', async () => {
    const { id, key } = await createKey(workspace.pool, { name: 'gone', role: 'viewer' }, clock);
    await revokeKey(workspace.pool, id, clock);
    expect(await authority.identify(key)).toEqual({ status: 'revoked', keyId: id });
    // A revoked key with a wrong secret is nobody's.
    const wrong = `bw_${id}_${'A'.repeat(43)}`;
    expect(await authority.identify(wrong)).toEqual({ status: 'unknown', keyId: id });
    const later = createVirtualClock(NOW + 60_000);
    expect(await revokeKey(workspace.pool, id, later)).toMatchObject({ revokedAt: NOW });
    const again = await createKey(workspace.pool, { name: 'gone', role: 'viewer' }, later);
    const listed = (await listKeys(workspace.pool)).filter(({ name }) => name === 'gone');
    expect(listed.map(({ id: listedId, revokedAt }) => [listedId, revokedAt])).toEqual([
      [id, NOW],
      [again.id, null],
    ]);
  });

  it('are refused where a name lives already, is reserved or cannot be one', async () => {
    await createKey(workspace.pool, { name: 'once', role: 'viewer' }, clock);
    await expect(createKey(workspace.pool, { name: 'once', role: 'admin' }, clock)).rejects.toMatchObject({
      code: 'SERVING_KEY_NAME_TAKEN',
    });
    await expect(createKey(workspace.pool, { name: 'system', role: 'admin' }, clock)).rejects.toThrow(
      RangeError,
    );
    expect(['ops', 'ci.deploy-2', 'a'.repeat(40)].every(isKeyName)).toBe(true);
    expect(['', 'Ops', '-x', 'operator', 'a'.repeat(41), "o'; drop"].some(isKeyName)).toBe(false);
    await expect(revokeKey(workspace.pool, 'nobody', clock)).rejects.toMatchObject({
      code: 'SERVING_KEY_UNKNOWN',
    });
  });

  it('include the roles below their own', () => {
    expect(includesRole('operator', 'operator')).toBe(true);
    expect(includesRole('admin', 'operator')).toBe(true);
    expect(includesRole('viewer', 'operator')).toBe(false);
  });
});

describe('the audit log', () => {
  it('keeps each attempt, and how it ended, once', async () => {
    const before = (await rows()).length;
    const id = await authority.record(ATTEMPT);
    const refused = await authority.record({ ...ATTEMPT, actor: null, keyId: null, outcome: 'no-key' });
    await authority.complete(id, { outcome: 'done', changed: { deployment: 4 } });
    // What is over stays as it is.
    await authority.complete(id, { outcome: 'failed', changed: null });
    await authority.complete(refused, { outcome: 'done', changed: { deployment: 5 } });
    expect((await rows()).slice(before)).toMatchObject([
      {
        at: new Date(NOW),
        actor: 'ops',
        key_id: 'a2',
        route: 'POST /models/select',
        outcome: 'done',
        ip: '127.0.0.1',
        request_id: 'r-1',
        changed: { deployment: 4 },
      },
      { actor: null, key_id: null, outcome: 'no-key', changed: null },
    ]);
  });
});
