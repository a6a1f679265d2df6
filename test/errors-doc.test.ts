import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const PAGE = readFileSync(join(ROOT, 'docs', 'errors.md'), 'utf8');

/** Rows of the page's tables: code, status, when, what to do. */
const rows = PAGE.split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
const documented = rows.map(([code]) => (code ?? '').replaceAll('`', ''));

describe('docs/errors.md', () => {
  it('lists exactly the codes that the sources can raise', () => {
    const raised = [...catalogue().keys()];
    expect(raised.length).toBeGreaterThan(30);
    expect([...documented].sort()).toEqual(raised.sort());
  });

  it('lists every code once', () => {
    expect(documented.filter((code, place) => documented.indexOf(code) !== place)).toEqual([]);
  });

  it('says status, occasion and remedy of each', () => {
    expect(rows.filter((cells) => cells.length !== 4 || cells.some((cell) => cell === ''))).toEqual([]);
  });

  it('gives the status that the sources give', () => {
    const statuses = catalogue();
    const wrong = rows.filter(([code, status]) => {
      const known = statuses.get((code ?? '').replaceAll('`', ''));
      return known !== undefined && known !== status;
    });
    expect(wrong).toEqual([]);
  });

  it('points only to files that are there', () => {
    const targets = [...PAGE.matchAll(/\]\(([^)#:]+)\)/g)].map(([, target]) => target ?? '');
    const missing = targets.filter((target) => !isThere(join(ROOT, 'docs', target)));
    expect(missing).toEqual([]);
  });
});

/** Codes as literals in production code, with the literal status beside each; undefined where it is computed. */
function catalogue(): Map<string, string | undefined> {
  const codes = new Map<string, string | undefined>();
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !/\.(test|contract)\.ts$|(^|\/)examples\.ts$/.test(path),
  );
  for (const path of files) {
    const text = readFileSync(join(ROOT, 'src', path), 'utf8');
    for (const match of text.matchAll(/\bcode: '([A-Z][A-Z0-9_]+)'/g)) {
      const facts = text.slice(match.index, text.indexOf('retryable', match.index));
      codes.set(match[1] ?? '', /\bstatus: (\d{3})/.exec(facts)?.[1]);
    }
  }
  return codes;
}

function isThere(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}
