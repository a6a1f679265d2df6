import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeHoldout, type Config } from '../core/index.ts';

/** The program's own sources: a result belongs to the code that made it. */
const SOURCE_DIR = join(import.meta.dirname, '..');
const NAME_LENGTH = 16;

/**
 * The name of a workspace that holds what some facts lead to: the same facts and the same code, the same name.
 * @param kind - what the workspace is for: `replay`, `history`, `simulated`
 * @param facts - everything that the content depends on, beside the code
 */
export function workspaceName(kind: string, facts: Record<string, string | number>): string {
  const hash = createHash('sha256');
  for (const key of Object.keys(facts).sort()) hash.update(`${key}=${facts[key]}\n`);
  hash.update(sourceHash());
  return `${kind}_${hash.digest('hex').slice(0, NAME_LENGTH)}`;
}

/** What is kept back, as a fact for a name; nothing where nothing is, so that such names stay as they were. */
export function holdoutFacts({ holdout }: Pick<Config, 'holdout'>): Record<string, string> {
  return holdout === null ? {} : { holdout: describeHoldout(holdout) };
}

/** SHA-256 over every file under src/ that runs, by relative path and content. */
function sourceHash(): string {
  const hash = createHash('sha256');
  const files = readdirSync(SOURCE_DIR, { recursive: true, encoding: 'utf8', withFileTypes: false })
    .filter(
      (path) => /\.(ts|json|sql|txt|tsv|wasm)$/.test(path) && !/\.(test|contract)\.ts$|fixtures/.test(path),
    )
    .sort();
  for (const path of files)
    hash.update(`${path.replaceAll('\\', '/')}\n`).update(readFileSync(join(SOURCE_DIR, path)));
  return hash.digest('hex');
}
