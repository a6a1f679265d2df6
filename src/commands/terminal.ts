import cliProgress from 'cli-progress';

/** What a command says while it works (standard error) and when it is done (standard output). */
export interface Terminal {
  /** One line about what begins now. */
  say(line: string): void;
  /** How far a long step has come; a bar on a terminal, a line now and then elsewhere. */
  progress(phrase: string, done: number, total: number): void;
  /** How far a long step of unknown length has come. */
  count(phrase: string, detail: string): void;
  /** Ends the bar, if one is shown. */
  settle(): void;
  /** The result, for people or, with `--json`, as one line for machines. */
  result(forPeople: string, forMachines: object): void;
}

/** Between two lines of progress where there is no terminal. */
const LINE_EVERY_MS = 2_000;

interface Streams {
  out: { write(text: string): unknown };
  err: NodeJS.WriteStream | ({ write(text: string): unknown } & { isTTY?: boolean });
  /** A monotonic clock in ms, for the pace of the lines. */
  stopwatch: () => number;
}

/**
 * @param options.json - the result is printed as one line of JSON
 * @param options.quiet - nothing but the result is printed
 */
export function createTerminal(
  { out, err, stopwatch }: Streams,
  { json, quiet = false }: { json: boolean; quiet?: boolean },
): Terminal {
  let bar: cliProgress.SingleBar | null = null;
  let barPhrase = '';
  let lastLineAt = -Infinity;

  function settle(): void {
    bar?.stop();
    bar = null;
    barPhrase = '';
  }

  function drawBar(phrase: string, done: number, total: number): void {
    if (bar === null || phrase !== barPhrase) {
      settle();
      bar = new cliProgress.SingleBar({
        format: `  {phrase} [{bar}] {percentage}% | {value}/{total} | {eta_formatted} left`,
        hideCursor: true,
        stream: err as NodeJS.WriteStream,
      });
      bar.start(total, done, { phrase });
      barPhrase = phrase;
    }
    bar.setTotal(total);
    bar.update(done, { phrase });
    if (done >= total) settle();
  }

  function writeLine(phrase: string, done: number, total: number): void {
    const isNews = phrase !== barPhrase || done >= total;
    if (!isNews && stopwatch() - lastLineAt < LINE_EVERY_MS) return;
    barPhrase = done >= total ? '' : phrase;
    lastLineAt = stopwatch();
    const share = total > 0 ? ` (${Math.floor((100 * done) / total)} %)` : '';
    err.write(`  ${phrase}: ${done} of ${total}${share}\n`);
  }

  return {
    say(line) {
      if (quiet) return;
      settle();
      err.write(`${line}\n`);
    },
    progress(phrase, done, total) {
      if (quiet) return;
      if (err.isTTY === true) drawBar(phrase, done, total);
      else writeLine(phrase, done, total);
    },
    count(phrase, detail) {
      if (quiet || stopwatch() - lastLineAt < LINE_EVERY_MS) return;
      settle();
      lastLineAt = stopwatch();
      err.write(`  ${phrase}: ${detail}\n`);
    },
    settle,
    result(forPeople, forMachines) {
      settle();
      out.write(json ? `${JSON.stringify(forMachines)}\n` : `${forPeople}\n`);
    },
  };
}
