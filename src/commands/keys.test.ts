import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { traceCommand } from '../../test/command-context.ts';
import { makeDecidedWorkspace } from '../../test/decided-workspace.ts';
import { isAppError } from '../core/index.ts';
import { createKeyCommand, keyNameArgument, listKeysCommand, revokeKeyCommand } from './keys.ts';

let workspace: Awaited<ReturnType<typeof makeDecidedWorkspace>>;
let dataDir: string;
let environment: Record<string, string>;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'bellwether-keys-'));
  const databaseUrl = inject('databaseUrl');
  workspace = await makeDecidedWorkspace({ databaseUrl, dataDir, kind: 'keys' });
  environment = { BELLWETHER_DATA_DIR: dataDir, DATABASE_URL: databaseUrl, LOG_LEVEL: 'silent' };
});
afterAll(async () => {
  await workspace.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function create(name: string) {
  const trace = traceCommand(environment);
  const options = { name, role: 'operator' as const, workspace: workspace.name };
  expect(await createKeyCommand(options, trace.context)).toBe(0);
  return trace;
}

async function list() {
  const trace = traceCommand(environment);
  expect(await listKeysCommand({ workspace: workspace.name }, trace.context)).toBe(0);
  return trace;
}

describe('keys', () => {
  it('are shown once, listed without their secret, and revoked by id', async () => {
    expect((await list()).text()).toContain('has no API key');
    const made = await create('ops');
    const { key, id } = made.json() as { key: string; id: string };
    expect(key).toMatch(/^bw_[0-9a-f]{12}_[\w-]{43}$/);
    expect(made.text()).toContain(key);
    const listed = await list();
    expect(listed.json()).toMatchObject({
      workspace: workspace.name,
      keys: [{ id, name: 'ops', role: 'operator', revokedAt: null }],
    });
    expect(listed.text()).toMatch(/ops +[0-9a-f]{12} +operator/);
    expect(listed.text() + JSON.stringify(listed.json())).not.toContain(key.slice(16));
    const revoked = traceCommand(environment);
    expect(await revokeKeyCommand({ id, workspace: workspace.name }, revoked.context)).toBe(0);
    expect(revoked.json()).toMatchObject({ id, name: 'ops' });
    expect((await list()).json()).toMatchObject({ keys: [{ id, revokedAt: expect.any(String) as string }] });
  });

  it('leave a row of the audit log when they are made and revoked, without their secret', async () => {
    const { id, key } = (await create('watched')).json() as { id: string; key: string };
    await expect(create('watched')).rejects.toMatchObject({ code: 'SERVING_KEY_NAME_TAKEN' });
    await revokeKeyCommand({ id, workspace: workspace.name }, traceCommand(environment).context);
    const { rows } = await workspace.pool.query<Record<string, unknown>>(
      `select actor, key_id, route, outcome, changed from audit_log where changed -> 'key' ->> 'id' = $1 order by id`,
      [id],
    );
    const row = {
      ...{ actor: 'operator', key_id: null, outcome: 'done' },
      changed: { key: { id, name: 'watched', role: 'operator' } },
    };
    expect(rows).toEqual([
      { ...row, route: 'keys create' },
      { ...row, route: 'keys revoke' },
    ]);
    expect(JSON.stringify(rows)).not.toContain(key.slice(16));
  });

  it('are refused under a name that lives, and for an id that nobody has', async () => {
    await create('twice');
    await expect(create('twice')).rejects.toMatchObject({ code: 'SERVING_KEY_NAME_TAKEN' });
    const { context } = traceCommand(environment);
    await expect(
      revokeKeyCommand({ id: 'ffffffffffff', workspace: workspace.name }, context),
    ).rejects.toMatchObject({ code: 'SERVING_KEY_UNKNOWN' });
  });

  it('are made in no workspace that a slip of the pen names', async () => {
    const { context } = traceCommand(environment);
    const attempt = listKeysCommand({ workspace: 'keys_slip' }, context);
    await expect(attempt).rejects.toSatisfy(isAppError);
  });

  it('may not bear a name that the ledger gives to somebody else', () => {
    expect(keyNameArgument('ops-2')).toBe('ops-2');
    for (const name of ['system', 'operator', 'Ops', '', 'a b']) {
      expect(() => keyNameArgument(name)).toThrow(/1 to 40/);
    }
  });
});
