import { readFileSync } from 'node:fs';

/** Mean rating of every word and emoticon, -4..4. */
export function readLexicon(): Map<string, number> {
  return new Map(readTable('lexicon.tsv').map(([word, rating]) => [word, Number(rating)]));
}

/** Descriptions by code point. Sequences of several code points are left out: the reference never finds them. */
export function readEmoji(): Map<number, string> {
  const descriptions = new Map<number, string>();
  for (const [emoji, description] of readTable('emoji.tsv')) {
    const codePoint = emoji.codePointAt(0) ?? 0;
    if (String.fromCodePoint(codePoint) === emoji) descriptions.set(codePoint, description);
  }
  return descriptions;
}

/** Rows of a table that lies beside the code: a key, a tab, a value. */
function readTable(file: string): [string, string][] {
  const rows: [string, string][] = [];
  for (const line of readFileSync(new URL(`./data/${file}`, import.meta.url), 'utf8').split('\n')) {
    const tab = line.indexOf('\t');
    if (tab > 0) rows.push([line.slice(0, tab), line.slice(tab + 1)]);
  }
  return rows;
}
