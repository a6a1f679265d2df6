import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
/** Node keeps what it made of the sources here: a program starts in half of its processor time. */
const COMPILE_CACHE = join(tmpdir(), 'bellwether-test-compile-cache');
const running = new Set<ChildProcess>();

/** The program as a process of its own, as a user runs it. */
export interface RunningProgram {
  readonly pid: number;
  /** Everything it has said on standard error so far. */
  said(): string;
  /** Waits until it has said something like this. @returns false when it ended without */
  hasSaid(pattern: RegExp): Promise<boolean>;
  send(signal: NodeJS.Signals): void;
  readonly ended: Promise<ProgramEnd>;
}

/** How a program ended: with a code, or by a signal. */
export interface ProgramEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** What is started: the command line, the server, or the server as a user starts it. */
export type Entry = 'cli.ts' | 'server.ts' | 'npm start';

export interface LaunchOptions {
  dataDir: string;
  entry?: Entry;
  /** Settings beside these, as the process's environment has them. */
  env?: Readonly<Record<string, string>>;
  /** Is told each piece of progress as it comes. */
  onSaid?: (text: string) => void;
}

/** Starts `bellwether` with these words on a data folder, with the built-in Postgres and without a page to build. */
export function launch(
  words: readonly string[],
  { dataDir, entry = 'cli.ts', env = {}, onSaid = () => {} }: LaunchOptions,
): RunningProgram {
  const [program = '', ...first] = commandOf(entry);
  const child = spawn(program, [...first, ...words], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      BELLWETHER_DATA_DIR: dataDir,
      BELLWETHER_DASHBOARD: 'off',
      DATABASE_URL: '',
      REDIS_URL: '',
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      ...env,
    },
  });
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    onSaid(text);
  });
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(child);
    return { code, signal, stdout, stderr } as ProgramEnd;
  });
  return {
    pid: child.pid ?? NaN,
    said: () => stderr,
    hasSaid: (pattern) =>
      new Promise((settle) => {
        const look = () => {
          if (pattern.test(stderr)) settle(true);
        };
        child.stderr.on('data', look);
        void ended.then(() => {
          settle(pattern.test(stderr));
        });
        look();
      }),
    send: (signal) => child.kill(signal),
    ended,
  };
}

function commandOf(entry: Entry): string[] {
  if (entry === 'npm start') return ['npm', 'start', '--'];
  return [process.execPath, '--disable-warning=ExperimentalWarning', join(ROOT, 'src', entry)];
}

/** Runs the program to its end. */
export async function runToEnd(words: readonly string[], options: LaunchOptions): Promise<ProgramEnd> {
  return launch(words, options).ended;
}

/** The object that a command with `--json` prints last. */
export function resultOf<Result>({ stdout, stderr, code }: ProgramEnd): Result {
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  return JSON.parse(line) as Result;
}

/** kill -9 for whatever a failed test left running. */
export function endPrograms(): void {
  for (const child of running) child.kill('SIGKILL');
}
