import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { VERSION } from '../version.ts';
import { describeCrash, runProgram } from './program.ts';

let folder: string;
let out: string;
let err: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-program-'));
});
beforeEach(() => {
  out = '';
  err = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true));
  vi.stubEnv('BELLWETHER_DATA_DIR', join(folder, 'data'));
  vi.stubEnv('DATABASE_URL', '');
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the command line', () => {
  it('shows help and ends with 0', async () => {
    expect(await runProgram(['--help'])).toBe(0);
    for (const command of [
      'start',
      'import',
      'replay',
      'evaluate',
      'search',
      'registry',
      'deployments',
      'deploy',
      'rollback',
      'export',
      'backup',
      'restore',
      'status',
      'doctor',
      'reset',
    ])
      expect(out).toContain(command);
    expect(await runProgram(['replay', '--help'])).toBe(0);
  });

  it('prints its version', async () => {
    expect(await runProgram(['--version'])).toBe(0);
    expect(out).toBe(`${VERSION}\n`);
    expect(VERSION).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('evaluates trees that read the headlines unless it is told otherwise', async () => {
    expect(await runProgram(['evaluate', 'direction', '--help'])).toBe(0);
    const help = out.replaceAll(/\s+/g, ' ');
    expect(help).toContain('--family <name> price family: trees, logistic, or a baseline (default: "trees")');
    expect(help).toContain(
      '--scorer <name> a family or family@version, or none for prices alone (default: "vader")',
    );
  });

  it('does not take the version to be deployed for a question about its own', async () => {
    expect(await runProgram(['deploy', '--family', 'trees', '--version', '1.0.0'])).toBe(2);
    expect(err).toContain('There is no workspace "live"');
    expect(out).toBe('');
  });

  it.each([
    ['no command', []],
    ['an unknown command', ['predict-the-future']],
    ['an unknown option', ['status', '--colour', 'green']],
    ['an option that is missing', ['replay', '--history', '.']],
    ['an option without its value', ['status', '--workspace']],
    ['a moment that is none', ['replay', '--history', '.', '--from', '2021-02-30', '--to', '2021-03-01']],
    ['a number out of bounds', ['start', '--port', '65536']],
    ['an export of nothing', ['export']],
    ['a format that is none', ['export', 'signals', '--out', 'x', '--format', 'xlsx']],
    [
      'a method that is none',
      ['search', 'direction', '--history', '.', '--horizon', '60', '--method', 'grid'],
    ],
    ['no trials', ['search', 'direction', '--history', '.', '--horizon', '60', '--trials', '0']],
    ['too many words', ['status', 'please']],
  ])('ends with 2 for %s and says why', async (_, args) => {
    expect(await runProgram(args)).toBe(2);
    expect(err).not.toBe('');
    expect(out).toBe('');
  });

  it('ends with 2 for words that a command cannot mean', async () => {
    const args = ['evaluate', 'sentiment', '--data', 'x.jsonl', '--families', 'crystal-ball'];
    expect(await runProgram(args)).toBe(2);
    expect(err).toContain('USAGE_INVALID: There is no scorer "crystal-ball"');
  });

  it('ends with 1 for an error of the catalogue, with its code', async () => {
    expect(await runProgram(['import', '--history', join(folder, 'nowhere')])).toBe(1);
    expect(err).toContain('SOURCE_HISTORY_FOLDER_MISSING: ');
    expect(out).toBe('');
  });

  it('ends with 1 for an environment that cannot be used', async () => {
    vi.stubEnv('PORT', 'harbour');
    expect(await runProgram(['status'])).toBe(1);
    expect(err).toContain('CONFIG_INVALID');
    expect(err).toContain('PORT=harbour');
  });

  it('prints with --json one line on standard output and nothing else there', async () => {
    const data = join(folder, 'rated.jsonl');
    writeFileSync(data, '{"text": "good", "label": "positive"}\n');
    expect(await runProgram(['evaluate', 'sentiment', '--data', data, '--json'])).toBe(0);
    expect(out.match(/\n/g)).toHaveLength(1);
    expect(JSON.parse(out)).toMatchObject({ families: { vader: { n: 1, accuracy: 1 } } });
    expect(err).toContain('Reading');
  });

  it('leaves a calculation to end at once by a signal, and lets a command with a database end in order', async () => {
    const data = join(folder, 'rated-again.jsonl');
    writeFileSync(data, '{"text": "bad", "label": "negative"}\n');
    const watched = vi.spyOn(process, 'on');
    const signals = () => watched.mock.calls.filter(([name]) => name === 'SIGINT').length;
    expect(await runProgram(['evaluate', 'sentiment', '--data', data])).toBe(0);
    expect(signals()).toBe(0);
    expect(await runProgram(['status'])).toBe(0);
    expect(signals()).toBe(1);
  });

  it('runs status where nothing is', async () => {
    expect(await runProgram(['status', '--json'])).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ running: null, workspaces: [] });
  });
});

describe('the last words of a bug', () => {
  it('say that it is one and show where', () => {
    expect(describeCrash(new TypeError('undefined is not a window'))).toMatch(
      /bug in Bellwether[^]*undefined is not a window[^]*program\.test/,
    );
    expect(describeCrash('thrown text')).toContain('thrown text');
  });
});
