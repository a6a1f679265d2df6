import { describe, expect, it } from 'vitest';
import { createTerminal } from './terminal.ts';

function makeTerminal(options: { json?: boolean; quiet?: boolean; isTTY?: boolean } = {}) {
  const { json = false, quiet = false, isTTY = false } = options;
  const written = { out: '', err: '' };
  let now = 0;
  const terminal = createTerminal(
    {
      out: { write: (text) => (written.out += text) },
      err: {
        isTTY,
        // What a bar asks of a terminal, beside writing.
        ...({
          columns: 100,
          cursorTo: () => true,
          clearLine: () => true,
          on: () => {},
          moveCursor: () => true,
        } as object),
        write: (text: string) => (written.err += text),
      },
      stopwatch: () => now,
    },
    { json, quiet },
  );
  return { terminal, written, wait: (ms: number) => (now += ms) };
}

describe('the result of a command', () => {
  it('is text for people, on standard output alone', () => {
    const { terminal, written } = makeTerminal();
    terminal.result('42 windows', { windows: 42 });
    expect(written).toEqual({ out: '42 windows\n', err: '' });
  });

  it('is one line of JSON for machines, the last on standard output', () => {
    const { terminal, written } = makeTerminal({ json: true });
    terminal.say('beginning');
    terminal.progress('working', 1, 2);
    terminal.result('two\nlines', { text: 'a\nb' });
    expect(written.out).toBe('{"text":"a\\nb"}\n');
    expect(written.err).toContain('beginning');
  });
});

describe('progress where there is no terminal', () => {
  it('is a line at the beginning, one every two seconds and one at the end', () => {
    const { terminal, written, wait } = makeTerminal();
    for (let done = 0; done <= 100; done += 1) {
      terminal.progress('replaying', done, 100);
      wait(100);
    }
    const lines = written.err.trimEnd().split('\n');
    expect(lines[0]).toBe('  replaying: 0 of 100 (0 %)');
    expect(lines.at(-1)).toBe('  replaying: 100 of 100 (100 %)');
    expect(lines).toHaveLength(6);
  });

  it('begins anew with each phrase', () => {
    const { terminal, written } = makeTerminal();
    terminal.progress('folding', 1, 10);
    terminal.progress('replaying', 1, 10);
    expect(written.err).toBe('  folding: 1 of 10 (10 %)\n  replaying: 1 of 10 (10 %)\n');
  });

  it('says no share of nothing', () => {
    const { terminal, written } = makeTerminal();
    terminal.progress('replaying', 0, 0);
    expect(written.err).toBe('  replaying: 0 of 0\n');
  });

  it('of unknown length is told now and then', () => {
    const { terminal, written, wait } = makeTerminal();
    terminal.count('importing', '1 record');
    terminal.count('importing', '2 records');
    wait(2_000);
    terminal.count('importing', '3 records');
    expect(written.err).toBe('  importing: 1 record\n  importing: 3 records\n');
  });
});

describe('progress on a terminal', () => {
  it('is a bar that ends by itself, and before anything else is said', () => {
    const { terminal, written } = makeTerminal({ isTTY: true });
    terminal.progress('replaying', 1, 4);
    expect(written.err).toContain('replaying [');
    expect(written.err).not.toContain('  replaying: 1 of 4');
    terminal.say('a word in between');
    expect(written.err.indexOf('25%')).toBeLessThan(written.err.indexOf('a word in between'));
    terminal.progress('replaying', 4, 4);
    terminal.settle();
    terminal.result('done', {});
    expect(written.out).toBe('done\n');
  });
});

describe('a quiet terminal', () => {
  it('prints the result alone', () => {
    const { terminal, written } = makeTerminal({ quiet: true });
    terminal.say('beginning');
    terminal.progress('working', 1, 2);
    terminal.count('working', 'much');
    terminal.result('done', {});
    expect(written).toEqual({ out: 'done\n', err: '' });
  });
});
