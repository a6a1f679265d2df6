import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pagePolicy } from './security-headers.ts';

/** An exported page and the policy that lets exactly its own inline scripts run. */
export interface Page {
  html: string;
  policy: string;
}

/** Segments of plain names only: nothing that could climb out of the folder. */
const PAGE_NAME = /^[a-z0-9_-]+(?:\/[a-z0-9_-]+)*$/i;
const INLINE_SCRIPT = /<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/gi;

/**
 * Reads exported pages, which stand as `x.html` or as `x/index.html`, and keeps them until their file changes.
 * @param folder - need not exist yet
 * @returns a function from a page's name (`index` is the first) to the page, or null where there is none
 */
export function createPageReader(folder: string): (name: string) => Promise<Page | null> {
  const kept = new Map<string, { changedAt: number; page: Page }>();

  async function readOne(file: string): Promise<Page | null> {
    const path = join(folder, file);
    try {
      const { mtimeMs } = await stat(path);
      const known = kept.get(file);
      if (known?.changedAt === mtimeMs) return known.page;
      const html = await readFile(path, 'utf8');
      const page = { html, policy: pagePolicy(inlineScriptHashes(html)) };
      kept.set(file, { changedAt: mtimeMs, page });
      return page;
    } catch {
      // Not there (yet), or gone in the middle of a new build: for whoever asks, there is no such page now.
      return null;
    }
  }

  return async (name) => {
    const plain = name.replace(/\.html$/, '').replace(/\/$/, '');
    if (!PAGE_NAME.test(plain)) return null;
    return (await readOne(`${plain}.html`)) ?? (await readOne(`${plain}/index.html`));
  };
}

/** `sha256-...` of every script that stands in the page itself, each once. */
function inlineScriptHashes(html: string): string[] {
  const scripts = [...html.matchAll(INLINE_SCRIPT)].map(([, script]) => script ?? '');
  const hashes = scripts.map((script) => `sha256-${createHash('sha256').update(script).digest('base64')}`);
  return [...new Set(hashes)];
}
