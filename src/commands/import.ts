import {
  createRealClock,
  LIVE_WORKSPACE,
  readFact,
  writeFact,
  createLog,
  type Workspace,
} from '../core/index.ts';
import { openStorage } from '../compose.ts';
import { ingest, type IngestReport, type QualityReport } from '../lake/index.ts';
import { openHistoryFolder, type Source } from '../sources/index.ts';
import { candlesMissing } from './errors.ts';
import type { CommandContext, ExitCode } from './program.ts';
import { stoppable } from './stoppable.ts';
import type { Terminal } from './terminal.ts';

interface Options {
  history: string;
  bar?: number;
  json?: boolean;
}

/** Written when a history has been brought into a workspace whole. */
const IMPORT_FACT = 'imported';
const EVERYTHING = { after: -Infinity, upTo: Infinity };

/** `import`: a history folder into bronze and silver of the live workspace. Again: adds nothing and says so. */
export async function importHistory(
  options: Options,
  { config, terminal }: CommandContext,
): Promise<ExitCode> {
  terminal.say(`Reading ${options.history}`);
  const folder = await openHistoryFolder(options.history, { asset: config.asset, bar: options.bar });
  const storage = await openStorage({
    config,
    workspaceName: LIVE_WORKSPACE,
    log: createLog(config.logLevel),
    onProgress: (phrase) => {
      terminal.say(`  ${phrase}`);
    },
  });
  try {
    const { workspace } = storage;
    const report = await ingestAll({ workspace, source: folder.source, asset: config.asset, terminal });
    terminal.result(describeImport(report, folder.barMinutes), {
      rows: report.rows,
      quarantined: report.quarantined,
      duplicates: report.duplicates,
      alreadyStored: report.alreadyStored,
      reasons: report.reasons,
      warnings: report.warnings,
      barMinutes: folder.barMinutes,
      workspace: workspace.name,
    });
    // What was turned away is said above; without a single bar there is nothing to work on.
    if (report.rows.candles + report.alreadyStored.candles === 0) throw candlesMissing(folder.barMinutes);
  } finally {
    await storage.close();
  }
  return 0;
}

/** What an import needs. */
interface Intake {
  workspace: Workspace;
  source: Source;
  asset: string;
  terminal: Terminal;
  /** Once aborted, the import breaks off and nothing of it stays. */
  signal?: AbortSignal;
}

/**
 * Brings a history into a workspace unless it is there already.
 * @throws the signal's reason once it is aborted
 */
export async function importOnce(intake: Intake): Promise<void> {
  const { workspace, terminal } = intake;
  if ((await readFact(workspace.pool, IMPORT_FACT)) !== undefined) return;
  const report = await ingestAll(intake);
  for (const line of complaints(report)) terminal.say(line);
  await writeFact(workspace.pool, IMPORT_FACT, { rows: report.rows, quarantined: report.quarantined });
}

async function ingestAll({ workspace, source, asset, terminal, signal }: Intake): Promise<IngestReport> {
  const now = createRealClock().now();
  return ingest({
    workspace,
    source: stoppable(source, signal),
    asset,
    range: EVERYTHING,
    now,
    onProgress: ({ read, stored, quarantined }) => {
      terminal.count('importing', `${read} records read, ${stored} new rows, ${quarantined} in quarantine`);
    },
  });
}

function describeImport(report: IngestReport, barMinutes: number): string {
  const tables = Object.entries(report.rows).map(([table, rows]) => {
    const known = report.alreadyStored[table as keyof typeof report.rows];
    const turnedAway = report.quarantined[table as keyof typeof report.rows];
    return `  ${table.padEnd(10)} ${String(rows).padStart(9)} new, ${known} there before, ${turnedAway} in quarantine`;
  });
  return [`Imported, bars of ${barMinutes} minutes`, ...tables, ...complaints(report)].join('\n');
}

/** What the door turned away or noticed, with the first places and what to do. */
export function complaints({ reasons, warnings }: Pick<QualityReport, 'reasons' | 'warnings'>): string[] {
  return [
    ...reasons.flatMap(({ reason, count, samples }) => [
      `  ${count} x ${reason} in quarantine, for example`,
      ...samples
        .slice(0, 3)
        .map(({ place, field, value, message }) => `    ${place} ${field}=${value}: ${message}`),
    ]),
    ...warnings.map(({ message }) => `  ${message}`),
  ];
}
