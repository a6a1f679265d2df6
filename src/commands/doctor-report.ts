/** What one look at the machine or the data found. */
export interface Check {
  name: string;
  status: 'ok' | 'warn' | 'fail';
  /** What was found, with values. */
  detail: string;
  /** What to do about it; there whenever the status is not ok. */
  remedy?: string;
  /** The workspace that it is about; left out for the machine. */
  workspace?: string;
}

const SYMBOLS: Record<Check['status'], string> = { ok: '✔', warn: '!', fail: '✖' };

export function passed(name: string, detail: string): Check {
  return { name, status: 'ok', detail };
}

export function warned(name: string, detail: string, remedy: string): Check {
  return { name, status: 'warn', detail, remedy };
}

export function failed(name: string, detail: string, remedy: string): Check {
  return { name, status: 'fail', detail, remedy };
}

/** One line a check, aligned, with what to do under it, and a summary. */
export function describeChecks(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, status, detail, remedy }) => [
    `  ${SYMBOLS[status]} ${name.padEnd(width)}  ${indented(detail, width)}`,
    ...(remedy === undefined ? [] : [`    ${' '.repeat(width)}  → ${indented(remedy, width + 2)}`]),
  ]);
  const count = (wanted: Check['status']) => checks.filter(({ status }) => status === wanted).length;
  const [ok, warnings, failures] = [count('ok'), count('warn'), count('fail')];
  const verdict =
    failures > 0
      ? `${failures} of ${checks.length} checks failed.`
      : warnings > 0
        ? 'Nothing is broken; a look is worth it.'
        : 'All is well.';
  return [...lines, '', `${ok} ok, ${warnings} to look at, ${failures} failed. ${verdict}`].join('\n');
}

/** Further lines of a text stand under its first one. */
function indented(text: string, width: number): string {
  return text.split('\n').join(`\n${' '.repeat(width + 6)}`);
}
