import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { isoUtc, type EpochMs } from '../core/index.ts';
import { amount } from './amount.ts';
import { openPresentWorkspace } from './present-workspace.ts';
import { rangeReversed, usageInvalid } from './errors.ts';
import { requireOutFile, writeWhole } from './out-file.ts';
import type { CommandContext, ExitCode } from './program.ts';
import { SIGNAL_FORMATS, writeCsv, writeParquet, type SignalFormat } from './signal-files.ts';
import { readSignals } from './signal-rows.ts';
import { describeBytes } from './sizes.ts';

interface Options {
  out: string;
  format?: SignalFormat;
  from?: EpochMs;
  to?: EpochMs;
  horizon?: number;
  arm?: string[];
  workspace?: string;
  json?: boolean;
}

/** `export signals`: predictions with their outcomes as one file, whole or not at all. */
export async function exportSignals(options: Options, context: CommandContext): Promise<ExitCode> {
  const { out, from = -Infinity, to = Infinity } = options;
  const { terminal } = context;
  const format = options.format ?? formatOf(out);
  if (!(from < to)) throw rangeReversed({ from, to });
  // Now rather than when the rows are read.
  await requireOutFile(out);
  const { workspace, close } = await openPresentWorkspace(options.workspace, context);
  try {
    terminal.say(`Exporting the signals of workspace ${workspace.name} to ${out}`);
    const filter = {
      after: from,
      upTo: to,
      arms: options.arm ?? null,
      horizonMinutes: options.horizon ?? null,
    };
    const write = format === 'csv' ? writeCsv : writeParquet;
    const rows = await readSignals(workspace, filter, (batches, total) =>
      writeWhole(out, (draft) =>
        write(draft, batches, (done) => {
          terminal.progress('exporting signals', done, total);
        }),
      ),
    );
    const { size: bytes } = await stat(out);
    terminal.result(`${amount(rows, 'signal')} in ${out} (${format}, ${describeBytes(bytes)})`, {
      out,
      format,
      rows,
      bytes,
      workspace: workspace.name,
      from: momentOrNull(from),
      to: momentOrNull(to),
    });
  } finally {
    await close();
  }
  return 0;
}

function formatOf(out: string): SignalFormat {
  const ending = extname(out).slice(1).toLowerCase();
  const format = SIGNAL_FORMATS.find((known) => known === ending);
  if (format === undefined) {
    throw usageInvalid(
      `${out} ends in none of .${SIGNAL_FORMATS.join(', .')}. Name a file that does, or add --format.`,
    );
  }
  return format;
}

function momentOrNull(moment: EpochMs): string | null {
  return Number.isFinite(moment) ? isoUtc(moment) : null;
}
