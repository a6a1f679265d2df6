import { escapeText } from './svg-charts.ts';
import { table } from './sentiment-tables.ts';

/** A piece of a page of results, whatever the page is written in. */
export type Block =
  | { kind: 'heading'; level: 1 | 2 | 3; text: string }
  | { kind: 'text'; text: string }
  | { kind: 'list'; lines: readonly string[] }
  | { kind: 'table'; head: readonly string[]; rows: readonly (readonly string[])[] }
  | { kind: 'picture'; name: string; about: string; svg: string };

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; color: #111827; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.3rem; margin-top: 2.4rem; border-top: 1px solid #e5e7eb; padding-top: 1rem; }
h3 { font-size: 1.05rem; margin-top: 1.8rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 12.5px; margin: 0.8rem 0; }
th, td { border: 1px solid #e5e7eb; padding: 0.25rem 0.5rem; text-align: left; vertical-align: top; }
th { background: #f9fafb; } figure { margin: 1rem 0; } figcaption { color: #4b5563; font-size: 13px; }
svg { max-width: 100%; height: auto; }`;

/** One page that needs nothing else: style and pictures are in it. */
export function renderHtml(title: string, blocks: readonly Block[]): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    `<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeText(title)}</title><style>${STYLE}</style></head>`,
    '<body>',
    ...blocks.map(htmlOf),
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/**
 * The same in Markdown.
 * @param pathOf - where a picture lies, seen from the page; null: pictures are left out
 */
export function renderMarkdown(blocks: readonly Block[], pathOf: ((name: string) => string) | null): string {
  const parts = blocks.flatMap((block): string[] => {
    if (block.kind === 'heading') return [`${'#'.repeat(block.level)} ${block.text}`];
    if (block.kind === 'text') return [block.text];
    if (block.kind === 'list') return [block.lines.map((line) => `- ${line}`).join('\n')];
    if (block.kind === 'table') return [table(block.head, block.rows).join('\n')];
    return pathOf === null ? [] : [`![${block.about}](${pathOf(block.name)})`];
  });
  return `${parts.join('\n\n')}\n`;
}

function htmlOf(block: Block): string {
  if (block.kind === 'heading') return `<h${block.level}>${marked(block.text)}</h${block.level}>`;
  if (block.kind === 'text') return `<p>${marked(block.text)}</p>`;
  if (block.kind === 'list')
    return `<ul>${block.lines.map((line) => `<li>${marked(line)}</li>`).join('')}</ul>`;
  if (block.kind === 'table') {
    const row = (cells: readonly string[], tag: 'th' | 'td') =>
      `<tr>${cells.map((cell) => `<${tag}>${marked(cell)}</${tag}>`).join('')}</tr>`;
    return `<div class="wide"><table><thead>${row(block.head, 'th')}</thead><tbody>${block.rows.map((cells) => row(cells, 'td')).join('')}</tbody></table></div>`;
  }
  return `<figure>${block.svg}<figcaption>${marked(block.about)}</figcaption></figure>`;
}

/** Escaped, with `code` as code. */
function marked(text: string): string {
  return escapeText(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}
