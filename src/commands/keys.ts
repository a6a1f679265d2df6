import { InvalidArgumentError } from 'commander';
import type pg from 'pg';
import { openStorage, type Storage } from '../compose.ts';
import {
  createLog,
  createRealClock,
  inTransaction,
  isoUtc,
  LIVE_WORKSPACE,
  type Clock,
  type Queryable,
} from '../core/index.ts';
import {
  createAuthority,
  createKey,
  isKeyName,
  listKeys,
  revokeKey,
  type ApiKey,
  type KeyRole,
} from '../serving/index.ts';
import { alignColumns } from './align-columns.ts';
import { readRunningStart } from './data-folder.ts';
import { openPresentWorkspace } from './present-workspace.ts';
import type { CommandContext, ExitCode } from './program.ts';

interface Place {
  workspace?: string;
  json?: boolean;
}

/** A key's name on the command line. */
export function keyNameArgument(text: string): string {
  if (!isKeyName(text)) {
    throw new InvalidArgumentError(
      'Give 1 to 40 of a-z, 0-9, ".", "_", "-", beginning with a letter or digit; not system or operator.',
    );
  }
  return text;
}

/** `keys create`: makes an API key and prints it, the only time that it can be seen. */
export async function createKeyCommand(
  options: Place & { name: string; role: KeyRole },
  context: CommandContext,
): Promise<ExitCode> {
  const { name, role } = options;
  const clock = createRealClock();
  return inWorkspace(options, context, async (db, workspace) => {
    const { id, key } = await inTransaction(db, async (client) => {
      const made = await createKey(client, { name, role }, clock);
      await writeAuditRow(client, { route: 'keys create', key: { id: made.id, name, role } }, clock);
      return made;
    });
    const forPeople = [
      `Key ${name} (${role}) of workspace ${workspace}:`,
      '',
      `  ${key}`,
      '',
      'Keep it now: only its hash is stored, it cannot be shown again.',
      `Send it as Authorization: Bearer KEY. Take it back with: keys revoke ${id}`,
    ];
    context.terminal.result(forPeople.join('\n'), { id, name, role, key, workspace });
    return 0;
  });
}

/** `keys list`: every key without its secret, revoked ones too. */
export async function listKeysCommand(options: Place, context: CommandContext): Promise<ExitCode> {
  return inWorkspace(options, context, async (db, workspace) => {
    const keys = await listKeys(db);
    const head = ['name', 'id', 'role', 'made', 'revoked'];
    const rows = keys.map(({ id, name, role, createdAt, revokedAt }) => [
      ...[name, id, role, whole(createdAt)],
      revokedAt === null ? 'no' : whole(revokedAt),
    ]);
    const forPeople =
      keys.length === 0
        ? `Workspace ${workspace} has no API key. Make one: keys create --role operator --name NAME`
        : [`API keys of workspace ${workspace}`, ...alignColumns([head, ...rows])].join('\n');
    context.terminal.result(forPeople, { workspace, keys: keys.map(toJson) });
    return 0;
  });
}

/** `keys revoke ID`: takes a key out of use from the next request on. */
export async function revokeKeyCommand(
  options: Place & { id: string },
  context: CommandContext,
): Promise<ExitCode> {
  const clock = createRealClock();
  return inWorkspace(options, context, async (db, workspace) => {
    const key = await inTransaction(db, async (client) => {
      const revoked = await revokeKey(client, options.id, clock);
      const { id, name, role } = revoked;
      await writeAuditRow(client, { route: 'keys revoke', key: { id, name, role } }, clock);
      return revoked;
    });
    context.terminal.result(`Key ${key.name} (${key.id}) of workspace ${workspace} opens nothing any more.`, {
      workspace,
      ...toJson(key),
    });
    return 0;
  });
}

/** Keys come and go in the audit log too, in one transaction with the change: whoever holds this machine did it. */
async function writeAuditRow(
  client: Queryable,
  { route, key }: { route: string; key: Pick<ApiKey, 'id' | 'name' | 'role'> },
  clock: Clock,
): Promise<void> {
  const authority = createAuthority({ database: () => client, clock });
  const origin = { ip: 'command line', requestId: 'command line' };
  const row = await authority.record({
    actor: 'operator',
    keyId: null,
    route,
    outcome: 'started',
    ...origin,
  });
  await authority.complete(row, { outcome: 'done', changed: { key } });
}

/** In `--workspace`, else that of the running start, else `live`, which is made where it is missing. */
async function inWorkspace(
  { workspace: wanted }: Place,
  context: CommandContext,
  work: (db: pg.Pool, workspace: string) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { config, terminal } = context;
  // One that is named has to be there: a slip of the pen must make none.
  if (wanted !== undefined) await (await openPresentWorkspace(wanted, context)).close();
  const storage: Storage = await openStorage({
    config,
    workspaceName: wanted ?? readRunningStart(config.dataDir)?.workspace ?? LIVE_WORKSPACE,
    log: createLog(config.logLevel),
    onProgress: (phrase) => {
      terminal.say(`  ${phrase}`);
    },
  });
  try {
    return await work(storage.workspace.pool, storage.workspace.name);
  } finally {
    await storage.close();
  }
}

function toJson({ id, name, role, createdAt, revokedAt }: ApiKey) {
  return {
    id,
    name,
    role,
    createdAt: isoUtc(createdAt),
    revokedAt: revokedAt === null ? null : isoUtc(revokedAt),
  };
}

/** To the second. */
function whole(moment: number): string {
  return isoUtc(Math.floor(moment / 1_000) * 1_000);
}
