import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Another process that opened the built-in Postgres of a folder. */
export interface OtherOpener {
  /** Of the server, as that process sees it. */
  serverPid: number;
  url: string;
  /** Closes as a program in good order does, and waits for its end. */
  leave(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
}

const MODULE = new URL('../src/core/postgres.ts', import.meta.url).href;
const PROGRAM = `
  const { openPostgres } = await import(${JSON.stringify(MODULE)});
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const postgres = await openPostgres({ databaseUrl: '', dataDir: process.argv[1], log });
  console.log(JSON.stringify({ serverPid: postgres.pid, url: postgres.url }));
  process.stdin.once('data', () => postgres.close().then(() => process.exit(0)));
`;

/** Opens the built-in Postgres of a folder in another process. */
export async function openElsewhere(dataDir: string): Promise<OtherOpener> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, dataDir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    ...(JSON.parse(line) as { serverPid: number; url: string }),
    async leave() {
      child.stdin.write('leave\n');
      await ended(child);
    },
    async kill() {
      child.kill('SIGKILL');
      await ended(child);
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
