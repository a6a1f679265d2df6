import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { traceCommand, type CommandTrace } from '../../test/command-context.ts';
import { dropOperations, makeEnvironment, until } from '../../test/operation.ts';
import { writeSimulatedHistory } from '../../test/simulated-history.ts';
import { ORIGIN } from '../../test/simulated-market.ts';
import { DAY_MS, isoUtc, readConfig, readProcessLock } from '../core/index.ts';
import { start } from './start.ts';
import type { StartOptions } from './start-plan.ts';

const DAYS = 9;
const LAST = ORIGIN + DAYS * DAY_MS;
const root = mkdtempSync(join(tmpdir(), 'bellwether-start-'));
const history = join(root, 'history');
const environment = makeEnvironment();
const config = readConfig(environment);
const lockFile = join(config.dataDir, 'start.lock');

/** Starts that nobody has told to stop yet: those of a test that failed on the way. */
const running = new Set<Promise<number>>();
const listenersBefore = process.listeners('SIGTERM');

beforeAll(() => writeSimulatedHistory(history, { seed: 891, bars: DAYS * 24 }));
afterEach(async () => {
  if (running.size > 0) tellToStop(listenersBefore);
  await Promise.allSettled(running);
});
afterAll(async () => {
  await dropOperations(config);
  rmSync(root, { recursive: true, force: true });
});

describe('start, in one process', () => {
  it('serves the API at once and predictions when they are there, until it is told to stop', async () => {
    const before = process.listeners('SIGTERM');
    const { trace, ended } = begin({ history, port: 0 });
    await until(() => trace.said.some((line) => line.startsWith('  page and API at')));
    const url = /http:\/\/localhost:\d+/.exec(trace.said.join('\n'))![0];
    expect([200, 503]).toContain((await fetch(`${url}/health`)).status);

    await until(() => trace.said.some((line) => line.startsWith('Ready: ')));
    expect(trace.said[0]).toBe(`Bellwether 0.1.0 on the history in ${history}, bars of 60 minutes`);
    expect(trace.said.at(-1)).toBe(
      [
        `Ready: 216 windows and 3888 predictions up to ${isoUtc(LAST)}; the clock stands at the end of the history.`,
        `  curl '${url}/signal?horizon_minutes=60'`,
        `  open ${url} (Ctrl-C stops)`,
      ].join('\n'),
    );
    const signal = (await (await fetch(`${url}/signal`)).json()) as Record<string, unknown>;
    expect(signal).toMatchObject({ window_end: isoUtc(LAST), arm: 'trees+vader', horizon_minutes: 60 });
    expect(readProcessLock(lockFile)).toMatchObject({ pid: process.pid, url, mode: 'history' });

    await expect(start({ history, port: 0 }, traceCommand(environment).context)).rejects.toMatchObject({
      code: 'START_ALREADY_RUNNING',
    });
    tellToStop(before);
    expect(await ended).toBe(0);
    expect(trace.said.slice(-2)).toEqual([
      'Stopping after the window under way; once more stops at once.',
      'Stopped; everything that was decided is kept.',
    ]);
    expect(readProcessLock(lockFile)).toBe(null);
    expect(process.listeners('SIGTERM')).toEqual(before);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
  });

  it('plays, and the next start goes on where this one was told to stop', async () => {
    const words = { history, port: 0, from: LAST - 2 * DAY_MS, speed: 200 };
    const before = process.listeners('SIGTERM');
    const first = begin(words);
    await until(() => first.trace.said.some((line) => line.startsWith('Ready: ')));
    expect(first.trace.said.at(-1)).toContain('playing 200 windows a second');
    tellToStop(before);
    expect(await first.ended).toBe(0);
    const second = begin(words);
    await until(() => second.trace.said.some((line) => line.startsWith('Ready: ')));
    expect(second.trace.said.some((line) => line.startsWith('replaying windows'))).toBe(false);
    tellToStop(before);
    expect(await second.ended).toBe(0);
  });

  it('told to stop while it catches up, ends in order', async () => {
    const before = process.listeners('SIGTERM');
    const { trace, ended } = begin({ history, port: 0, from: LAST - DAY_MS });
    await until(() => trace.said.some((line) => line.startsWith('  page and API at')));
    tellToStop(before);
    expect(await ended).toBe(0);
    expect(trace.said.some((line) => line.startsWith('Ready: '))).toBe(false);
  });

  it.each([
    ['brings a history in', 'importing', { history, from: LAST - 3 * DAY_MS }],
    ['invents its market', 'inventing', {}],
  ])('told to stop while it %s, ends in order with nothing half done', async (_, phrase, words) => {
    const before = process.listeners('SIGTERM');
    const { trace, ended } = begin({ ...words, port: 0 }, (line) => {
      if (line.trim().startsWith(phrase)) tellToStop(before);
    });
    expect(await ended).toBe(0);
    expect(trace.said.some((line) => line.startsWith('Ready: ') || line.includes('folding'))).toBe(false);
    expect(trace.said.slice(-2)).toEqual([
      'Stopping after the window under way; once more stops at once.',
      'Stopped; everything that was decided is kept.',
    ]);
  });

  it('told to stop while its database is being opened, ends in order', async () => {
    const before = process.listeners('SIGTERM');
    const { trace, ended } = begin({ history, port: 0, from: LAST - 4 * DAY_MS }, (line) => {
      if (line.startsWith('  page and API at')) tellToStop(before);
    });
    expect(await ended).toBe(0);
    expect(trace.said.some((line) => line.startsWith('importing'))).toBe(false);
    expect(trace.said.at(-1)).toBe('Stopped; everything that was decided is kept.');
  });

  it('on a port that is taken names another, and leaves no lock', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await until(() => other.listening);
    const { port } = other.address() as AddressInfo;
    await expect(start({ history, port }, traceCommand(environment).context)).rejects.toMatchObject({
      code: 'PORT_UNUSABLE',
      message: expect.stringContaining(`--port ${port + 1}`) as string,
    });
    other.close();
    expect(readProcessLock(lockFile)).toBe(null);
  });

  it('on a folder that cannot be read leaves no lock either', async () => {
    const nowhere = { history: join(root, 'nowhere'), port: 0 };
    await expect(start(nowhere, traceCommand(environment).context)).rejects.toMatchObject({
      code: 'SOURCE_HISTORY_FOLDER_MISSING',
    });
    expect(readProcessLock(lockFile)).toBe(null);
  });
});

/** @param onLine - sees every line of progress before it is kept */
function begin(
  options: StartOptions,
  onLine: (line: string) => void = () => {},
): { trace: CommandTrace; ended: Promise<number> } {
  const trace = traceCommand(environment);
  const { terminal } = trace.context;
  const { say, count } = terminal;
  terminal.say = (line) => {
    say(line);
    onLine(line);
  };
  terminal.count = (phrase, detail) => {
    count(phrase, detail);
    onLine(phrase);
  };
  const ended = start(options, trace.context).finally(() => running.delete(ended));
  running.add(ended);
  return { trace, ended };
}

/** What a SIGTERM does, without sending it to the process that runs the tests. */
function tellToStop(before: readonly unknown[]): void {
  for (const listener of process.listeners('SIGTERM')) {
    if (!before.includes(listener)) listener('SIGTERM');
  }
}
