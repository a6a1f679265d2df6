import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createLog, silentLog } from './log.ts';

const MODULE = new URL('./log.ts', import.meta.url).href;

/** Runs some lines with a log of a level in a process of its own, whose streams can be read. */
function logged(level: string, lines: string): { out: string; entries: Record<string, unknown>[] } {
  const program = `const { createLog } = await import(${JSON.stringify(MODULE)}); const log = createLog('${level}'); ${lines}`;
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program],
    { encoding: 'utf8' },
  );
  expect(status).toBe(0);
  const entries = stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { out: stdout, entries };
}

describe('the log', () => {
  it('writes one line of JSON to standard error, with facts as fields and the phrase fixed', () => {
    const { out, entries } = logged(
      'warn',
      `log.warn({ windows: 3 }, 'late'); log.info({}, 'below the level');`,
    );
    expect(out).toBe('');
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({ level: 40, windows: 3, msg: 'late' });
  });

  it('keeps secrets out', () => {
    const { entries } = logged(
      'debug',
      `log.debug({ password: 'p1', server: { password: 'p2' }, authorization: 'p3' }, 'joined'); log.error({}, 'gone');`,
    );
    expect(JSON.stringify(entries)).not.toMatch(/p[123]/);
    expect(entries.map(({ msg }) => msg)).toEqual(['joined', 'gone']);
  });

  it('can be silent', () => {
    const log = createLog('silent');
    for (const one of [log, silentLog]) {
      one.debug({}, 'nobody hears this');
      one.info({}, 'nobody hears this');
      one.warn({}, 'nobody hears this');
      one.error({}, 'nobody hears this');
    }
    expect(logged('silent', `log.error({}, 'nobody hears this');`).entries).toEqual([]);
  });
});
