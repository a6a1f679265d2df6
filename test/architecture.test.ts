import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FOUNDATION, JOURNEY } from '../eslint.config.js';

const ROOT = resolve(import.meta.dirname, '..');
const SOURCE = join(ROOT, 'src');

interface SourceFile {
  /** Relative to src/, with forward slashes. */
  path: string;
  text: string;
  code: string;
}

/** Types disappear before anything runs; they make no cycle, but they do make a dependency. */
const RUNTIME_IMPORT = /^\s*(?:import|export)\s+(?!type\b)[^'"]*?from\s+['"](\.[^'"]+)['"]/gm;
const ANY_IMPORT = /^\s*(?:import|export)\s+[^'"]*?from\s+['"](\.[^'"]+)['"]/gm;

const files: SourceFile[] = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const text = readFileSync(join(SOURCE, path), 'utf8');
    return { path: path.replaceAll('\\', '/'), text, code: withoutComments(text) };
  });
const modules = new Set([...FOUNDATION, ...JOURNEY]);
const production = files.filter(({ path }) => !/\.(test|contract)\.ts$/.test(path));

describe('the architecture', () => {
  it('has source files to look at', () => {
    expect(production.length).toBeGreaterThan(20);
  });

  it('knows every folder under src', () => {
    const folders = readdirSync(SOURCE, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const known = new Set([...modules, 'commands']);
    expect(folders.map(({ name }) => name).filter((name) => !known.has(name))).toEqual([]);
  });

  it('has no import cycle between files', () => {
    expect(findCycle(importGraph(production))).toEqual([]);
  });

  it('lets no module import what stands above the modules: entry files, commands, the run', () => {
    const isModule = (path: string) => modules.has(path.split('/')[0] ?? '');
    const upwards = production.flatMap(({ path, code }) =>
      isModule(path) ? targetsOf({ path, code }, ANY_IMPORT).filter((target) => !isModule(target)) : [],
    );
    expect(upwards).toEqual([]);
  });

  it('lets nobody into a module but through its door', () => {
    const isInside = (path: string) => modules.has(path.split('/')[0] ?? '') && !path.endsWith('/index.ts');
    const trespasses = production.flatMap(({ path, code }) =>
      targetsOf({ path, code }, ANY_IMPORT)
        .filter((target) => isInside(target) && target.split('/')[0] !== path.split('/')[0])
        .map((target) => `${path} imports ${target}`),
    );
    expect(trespasses).toEqual([]);
  });

  it('imports nothing dynamically, so that lint sees every import', () => {
    expect(pathsMatching(/\bimport\s*\(|\brequire\s*\(/)).toEqual([]);
  });

  it('takes environment, clock and dice from core alone', () => {
    const outsideCore = (path: string) => !path.startsWith('core/');
    expect(pathsMatching(/process\.env\b/).filter(outsideCore)).toEqual([]);
    expect(pathsMatching(/\bDate\.now\s*\(|\bnew Date\(\s*\)/).filter(outsideCore)).toEqual([]);
    expect(pathsMatching(/\bMath\.random\b/).filter(outsideCore)).toEqual([]);
  });

  it('keeps every file under 500 lines', () => {
    const long = files.filter(({ text }) => text.split('\n').length > 500).map(({ path }) => path);
    expect(long).toEqual([]);
  });

  it('has one door a module', () => {
    const present = new Set(
      production.map(({ path }) => path.split('/')[0] ?? '').filter((name) => modules.has(name)),
    );
    const doors = production.map(({ path }) => path).filter((path) => /(^|\/)index\.ts$/.test(path));
    expect(doors.sort()).toEqual([...present].map((name) => `${name}/index.ts`).sort());
  });
});

function pathsMatching(pattern: RegExp): string[] {
  return production.filter(({ code }) => pattern.test(code)).map(({ path }) => path);
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
}

function importGraph(sources: SourceFile[]): Map<string, string[]> {
  return new Map(sources.map((source) => [source.path, targetsOf(source, RUNTIME_IMPORT)]));
}

/** The files that a file imports, relative to src/. */
function targetsOf({ path, code }: Pick<SourceFile, 'path' | 'code'>, pattern: RegExp): string[] {
  return [...code.matchAll(pattern)].map(([, target]) =>
    relative(SOURCE, resolve(SOURCE, dirname(path), target ?? '')).replaceAll('\\', '/'),
  );
}

function findCycle(graph: Map<string, string[]>): string[] {
  const done = new Set<string>();
  const trail: string[] = [];
  function visit(path: string): string[] | null {
    if (done.has(path)) return null;
    const seen = trail.indexOf(path);
    if (seen >= 0) return [...trail.slice(seen), path];
    trail.push(path);
    for (const target of graph.get(path) ?? []) {
      const cycle = visit(target);
      if (cycle !== null) return cycle;
    }
    trail.pop();
    done.add(path);
    return null;
  }
  for (const path of graph.keys()) {
    const cycle = visit(path);
    if (cycle !== null) return cycle;
  }
  return [];
}
