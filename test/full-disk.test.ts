import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { backup } from '../src/commands/backup.ts';
import { exportSignals } from '../src/commands/export-signals.ts';
import { importHistory } from '../src/commands/import.ts';
import { writeWhole } from '../src/commands/out-file.ts';
import type { CommandContext, ExitCode } from '../src/commands/program.ts';
import { replay } from '../src/commands/replay.ts';
import { restore } from '../src/commands/restore.ts';
import { start } from '../src/commands/start.ts';
import { createRealClock, HOUR_MS } from '../src/core/index.ts';
import { startFakeHub } from '../src/sentiment/transformer/fixtures/hub-server.ts';
import { realDisk } from '../src/sentiment/transformer/hub-download.ts';
import { createHubClient } from '../src/sentiment/transformer/hub.ts';
import { traceCommand } from './command-context.ts';
import { createTestDatabase } from './database.ts';
import { writeSimulatedHistory } from './simulated-history.ts';
import { ORIGIN } from './simulated-market.ts';

const RELEASE = resolve(import.meta.dirname, 'fixtures', 'release-0.1.0');
/** Of the disks that are made to be filled. */
const DISK = 'size=192k';

let sandbox: string;
/** A data folder with room, whose workspace `live` holds predictions. */
let dataDir: string;
let history: string;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
const mounted: string[] = [];

/** A disk of its own needs the right to mount one, which root has on most Linux machines and in few containers. */
const canMount = ((): boolean => {
  const probe = mkdtempSync(join(tmpdir(), 'bellwether-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', DISK, 'tmpfs', probe], { stdio: 'ignore' });
    execFileSync('umount', [probe], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(probe, { recursive: true });
  }
})();

beforeAll(async () => {
  sandbox = mkdtempSync(join(tmpdir(), 'bellwether-full-'));
  dataDir = join(sandbox, 'data');
  history = join(sandbox, 'history');
  database = await createTestDatabase();
  await writeSimulatedHistory(history, { seed: 31, bars: 48 });
  await run(restore, { from: RELEASE });
});
afterEach(() => {
  for (const place of mounted.splice(0)) execFileSync('umount', [place]);
});
afterAll(async () => {
  await database.drop();
  rmSync(sandbox, { recursive: true, force: true });
});

function mount(name: string, options: string): string {
  const place = join(sandbox, name);
  mkdirSync(place, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', place]);
  mounted.push(place);
  return place;
}

/** A disk with nothing on it but what fills it. @param left - bytes that stay free, about */
function fullDisk(left = 0): string {
  const place = mount('full', DISK);
  const { bavail, bsize } = statfsSync(place);
  writeFileSync(join(place, 'filler'), Buffer.alloc(Math.max(0, bavail * bsize - left)));
  return place;
}

async function run<Options>(
  command: (options: Options, context: CommandContext) => Promise<ExitCode>,
  options: Options,
  place = dataDir,
): Promise<ExitCode> {
  const trace = traceCommand({
    BELLWETHER_DATA_DIR: place,
    DATABASE_URL: database.url,
    LOG_LEVEL: 'silent',
  });
  return command(options, trace.context);
}

const REPLAY = { from: ORIGIN + 24 * HOUR_MS, to: ORIGIN + 26 * HOUR_MS, seed: 1 };

describe.runIf(canMount)('a disk that is full', () => {
  it.each(['signals.csv', 'signals.parquet'])('leaves nothing of an export to %s', async (name) => {
    const disk = fullDisk(16_384);
    await expect(run(exportSignals, { out: join(disk, name) })).rejects.toMatchObject({
      code: 'OUT_FILE_UNWRITABLE',
    });
    expect(readdirSync(disk)).toEqual(['filler']);
  });

  it('leaves nothing of a backup', async () => {
    const disk = fullDisk(49_152);
    await expect(run(backup, { out: join(disk, 'backup') })).rejects.toMatchObject({
      code: 'BACKUP_UNWRITABLE',
      message: expect.stringContaining('ENOSPC') as string,
    });
    expect(readdirSync(disk)).toEqual(['filler']);
  });

  it('leaves a workspace as it was when a backup does not fit', async () => {
    const disk = fullDisk(49_152);
    await expect(run(restore, { from: RELEASE, workspace: 'fits_not' }, disk)).rejects.toMatchObject({
      code: 'RESTORE_UNWRITABLE',
      message: expect.stringContaining('as it was before') as string,
    });
    const left = readdirSync(disk, { recursive: true, encoding: 'utf8' });
    expect(left.filter((path) => path.includes('restore-') || path.endsWith('.parquet'))).toEqual([]);
  });

  it('gives an import up whole', async () => {
    const disk = fullDisk(24_576);
    await expect(run(importHistory, { history }, disk)).rejects.toMatchObject({
      code: 'LAKE_BRONZE_WRITE_FAILED',
    });
    const left = readdirSync(disk, { recursive: true, encoding: 'utf8' });
    expect(left.filter((path) => path.endsWith('.parquet'))).toEqual([]);
  });

  it('leaves nothing of a model that does not fit, though the disk had said that it would', async () => {
    const disk = fullDisk(65_536);
    const hub = await startFakeHub('Somebody/a-model', {
      'config.json': { content: Buffer.from('{}'), isLarge: false },
      'tokenizer.json': { content: Buffer.from('{}'), isLarge: false },
      'model.onnx': { content: Buffer.alloc(200_000, 7), isLarge: true },
    });
    try {
      const boastful = { ...realDisk, freeBytes: () => Promise.resolve(Infinity) };
      const client = createHubClient({ endpoint: hub.endpoint, clock: createRealClock(), disk: boastful });
      const attempt = client.fetch({ repo: hub.repo, revision: 'main' }, join(disk, 'models'));
      await expect(attempt).rejects.toMatchObject({
        code: 'SENTIMENT_MODEL_DISK',
        message: expect.stringContaining('ENOSPC') as string,
      });
      const left = readdirSync(disk, { recursive: true, encoding: 'utf8' });
      expect(left.filter((path) => path.includes('model.onnx'))).toEqual([]);
    } finally {
      await hub.close();
    }
  });

  it('leaves no half of a result file, that of a replay among them', async () => {
    const disk = fullDisk();
    const attempt = writeWhole(join(disk, 'out.jsonl'), async (draft) => {
      writeFileSync(draft, Buffer.alloc(1_000_000));
    });
    await expect(attempt).rejects.toMatchObject({ code: 'OUT_FILE_UNWRITABLE' });
    expect(readdirSync(disk)).toEqual(['filler']);
  });
});

describe.runIf(canMount)('a folder that may only be read', () => {
  it('takes no export, no backup and no predictions, and says so', async () => {
    const disk = mount('read-only', 'ro');
    const refusals = [
      [() => run(exportSignals, { out: join(disk, 'x.csv') }), 'OUT_FILE_UNWRITABLE'],
      [() => run(backup, { out: join(disk, 'x') }), 'BACKUP_UNWRITABLE'],
      [() => run(replay, { ...REPLAY, history, out: join(disk, 'x') }), 'OUT_FILE_UNWRITABLE'],
    ] as const;
    for (const [attempt, code] of refusals) {
      await expect(attempt()).rejects.toMatchObject({
        code,
        message: expect.stringContaining('EROFS') as string,
      });
    }
  });

  it('is refused as a data folder by whatever has to write there', async () => {
    const disk = mount('read-only', 'ro');
    for (const place of [disk, join(disk, 'data')]) await expectUnusable(place);
  });
});

describe('a data folder that cannot be one', () => {
  it('is refused by whatever has to write there', async () => {
    const file = join(sandbox, 'a-file');
    writeFileSync(file, '');
    await expectUnusable(join(file, 'data'));
    expect(existsSync(file)).toBe(true);
  });
});

async function expectUnusable(place: string): Promise<void> {
  const attempts = [
    () => run(importHistory, { history }, place),
    () => run(replay, { ...REPLAY, history }, place),
    () => run(restore, { from: RELEASE, workspace: 'nowhere' }, place),
    () => run(start, { history, port: 0 }, place),
  ];
  for (const attempt of attempts) {
    await expect(attempt()).rejects.toMatchObject({
      code: 'DATA_FOLDER_UNUSABLE',
      message: expect.stringContaining('BELLWETHER_DATA_DIR') as string,
    });
  }
}
