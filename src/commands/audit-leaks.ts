import {
  auditLeaks,
  CHECK_COUNT,
  createAuditedPipeline,
  FEWEST_CHECKS,
  limitHistory,
  openCase,
  PLANT_NAMES,
  plantObstacle,
  withPlant,
  type CheckReport,
  type LeakAudit,
  type LeakFinding,
  type PlantName,
} from '../audit/index.ts';
import { withInstalledScorers } from '../compose-scorers.ts';
import { createLog, createRealClock, isoUtc } from '../core/index.ts';
import { createFeatureSet } from '../features/index.ts';
import { MODEL_FAMILIES, type FamilyName } from '../models/index.ts';
import { createVader, SCORER_FAMILIES, scorerName, type Scorer } from '../sentiment/index.ts';
import { openHistoryFolder, type HistoryFolder, type RawRecord } from '../sources/index.ts';
import { amount } from './amount.ts';
import {
  candlesMissing,
  familyUnknown,
  plantImpossible,
  plantUnknown,
  scorerUnknown,
  usageInvalid,
} from './errors.ts';
import type { CommandContext, ExitCode } from './program.ts';

interface Options {
  history: string;
  plant?: string;
  bar?: number;
  horizon?: number;
  family: string;
  scorer: string;
  seed: number;
  json?: boolean;
}

/** An hour, where the bar divides it; else one bar. */
const DEFAULT_HORIZON_MINUTES = 60;

/** `audit leaks`: attacks the pipeline on a history folder, with a planted leak if asked. Reads the folder in memory. */
export async function auditLeaksCommand(
  options: Options,
  { config, terminal }: CommandContext,
): Promise<ExitCode> {
  if (!Object.hasOwn(MODEL_FAMILIES, options.family)) {
    throw familyUnknown(options.family, Object.keys(MODEL_FAMILIES));
  }
  const plant = PLANT_NAMES.find((name) => name === options.plant);
  if (options.plant !== undefined && plant === undefined) throw plantUnknown(options.plant, PLANT_NAMES);
  const families = [...SCORER_FAMILIES, 'none'];
  if (!families.includes(options.scorer.split('@', 1)[0] ?? '')) {
    throw scorerUnknown(options.scorer, families);
  }
  const log = createLog(config.logLevel);
  return withInstalledScorers(config, { log, isLazy: true }, async ({ scorers }) => {
    const scorer = options.scorer === 'none' ? createVader() : await scorers.find(options.scorer);
    return auditWith({ options, scorer, plant }, { config, terminal });
  });
}

async function auditWith(
  { options, scorer, plant }: { options: Options; scorer: Scorer; plant: PlantName | undefined },
  { config, terminal }: CommandContext,
): Promise<ExitCode> {
  terminal.say(`Reading ${options.history}`);
  const folder = await openHistoryFolder(options.history, { asset: config.asset, bar: options.bar });
  const { barMinutes } = folder;
  const horizonMinutes = horizonOf(options, barMinutes);
  const { records, leftOut } = limitHistory(await readAll(folder));
  const honest = createAuditedPipeline({
    asset: config.asset,
    ...{ barMinutes, horizonMinutes, embargoMinutes: horizonMinutes, graceSeconds: config.graceSeconds },
    holdout: config.holdout,
    family: MODEL_FAMILIES[options.family as FamilyName],
    seed: options.seed,
    featureSet: createFeatureSet({ barMinutes, scorer: scorerName(scorer) }),
    scorer,
    usesSentiment: options.scorer !== 'none',
    now: createRealClock().now(),
  });
  let audited = await openCase(honest, { records, seed: options.seed });
  if (audited.whole.rows.count === 0) throw candlesMissing(barMinutes);
  if (plant !== undefined) {
    const obstacle = plantObstacle(audited, plant);
    if (obstacle !== null) throw plantImpossible(plant, obstacle);
    audited = await openCase(withPlant(honest, plant), { records, seed: options.seed });
  }
  const seconds = stopwatch();
  const audit = await auditLeaks(audited, (check, done) => {
    seconds.begin(check);
    terminal.progress(check, done, CHECK_COUNT);
  });
  seconds.end();
  const { windowEnds, count } = audited.whole.rows;
  const facts = {
    ...{ plant: plant ?? null, family: options.family, scorer: options.scorer, horizonMinutes, barMinutes },
    ...{ from: isoUtc(windowEnds[0] ?? NaN), to: isoUtc(windowEnds.at(-1) ?? NaN), windows: count, leftOut },
    seed: options.seed,
  };
  const reports = audit.reports.map((report) => ({ ...report, seconds: seconds.of(report.check) }));
  terminal.result(describe({ ...audit, reports }, facts), {
    checks: audit.checks,
    findings: audit.findings,
    notRun: reports.filter(isNotRun).map(({ check, compared }) => ({ check, reason: compared })),
    reports,
    ...facts,
  });
  return audit.findings.length > 0 || audit.checks < FEWEST_CHECKS || isMissed(audit, plant ?? null) ? 1 : 0;
}

async function readAll({ source }: HistoryFolder): Promise<RawRecord[]> {
  const records: RawRecord[] = [];
  for await (const record of source.fetch({ after: -Infinity, upTo: Infinity })) records.push(record);
  return records;
}

/** @throws AppError `USAGE_INVALID` when no close stands at the horizon's end */
function horizonOf({ horizon }: Options, barMinutes: number): number {
  if (horizon === undefined) {
    return DEFAULT_HORIZON_MINUTES % barMinutes === 0 ? DEFAULT_HORIZON_MINUTES : barMinutes;
  }
  if (horizon % barMinutes === 0) return horizon;
  throw usageInvalid(
    `--horizon ${horizon} is no multiple of the bar of ${barMinutes} minutes, so no close stands at its end. Choose a multiple, or another --bar.`,
  );
}

/** How long each check took, in seconds. */
function stopwatch(): { begin(check: string): void; end(): void; of(check: string): number } {
  const taken = new Map<string, number>();
  let running = '';
  let since = 0;
  const end = () => {
    if (running !== '') taken.set(running, (performance.now() - since) / 1_000);
    running = '';
  };
  return {
    begin(check) {
      end();
      running = check;
      since = performance.now();
    },
    end,
    of: (check) => Number((taken.get(check) ?? 0).toFixed(1)),
  };
}

type TimedReport = CheckReport & { seconds: number };

interface Facts {
  plant: string | null;
  family: string;
  scorer: string;
  horizonMinutes: number;
  barMinutes: number;
  from: string;
  to: string;
  windows: number;
  leftOut: number;
  seed: number;
}

function describe(
  audit: Omit<LeakAudit, 'reports'> & { reports: readonly TimedReport[] },
  facts: Facts,
): string {
  const { reports, findings } = audit;
  const width = Math.max(...reports.map(({ check }) => check.length));
  return [
    `${facts.family}+${facts.scorer}, ${facts.horizonMinutes} minutes ahead, bars of ${facts.barMinutes} minutes, seed ${facts.seed}`,
    `  audited   ${facts.windows} windows, ${facts.from} to ${facts.to}${facts.leftOut > 0 ? `; the ${amount(facts.leftOut, 'older bar')} left out` : ''}`,
    ...(facts.plant === null ? [] : [`  planted   ${facts.plant}, on purpose`]),
    ...reports.map(
      ({ check, verdict, seconds, compared }) =>
        `  ${check.padEnd(width)}  ${verdict.padEnd(7)}  ${seconds.toFixed(1).padStart(5)} s  ${compared}`,
    ),
    ...findings.flatMap(tellFinding),
    `  ${verdictOn(audit)}`,
    ...(isMissed(audit, facts.plant)
      ? [`  The planted leak ${facts.plant} was not found: on this history the audit proves nothing.`]
      : []),
  ].join('\n');
}

/** An audit that does not see what was planted is no audit. */
function isMissed({ findings }: Pick<LeakAudit, 'findings'>, plant: string | null): boolean {
  return plant !== null && findings.every(({ name }) => name !== plant);
}

/** So many proofs are shown; all stand in the JSON. */
const PROOFS_SHOWN = 3;

function tellFinding({ name, evidence }: LeakFinding): string[] {
  const shown = evidence.slice(0, PROOFS_SHOWN).map(({ check, ...facts }) => {
    const told = Object.entries(facts).map(([what, value]) => `${what} ${plain(value)}`);
    return `    ${check}: ${told.join(', ')}`;
  });
  const more = evidence.length - shown.length;
  return [`  LEAK ${name}`, ...shown, ...(more > 0 ? [`    and ${more} more, all in --json`] : [])];
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function verdictOn({
  checks,
  findings,
  reports,
}: Omit<LeakAudit, 'reports'> & { reports: readonly CheckReport[] }): string {
  const symptoms = reports.filter(({ verdict }) => verdict === 'follows').map(({ check }) => check);
  const follow =
    symptoms.length === 0
      ? ''
      : ` What ${symptoms.join(', ')} saw follows from that; audit again when it is mended.`;
  if (findings.length > 0)
    return `Leaks: ${findings.map(({ name }) => name).join(', ')}. ${amount(checks, 'check')} ran.${follow}`;
  if (checks < FEWEST_CHECKS) {
    return `No pass: only ${amount(checks, 'check')} could run, at least ${FEWEST_CHECKS} are needed. Bring a longer history.`;
  }
  const left = reports.filter(isNotRun).length;
  return `No leak found by ${amount(checks, 'check')}${left > 0 ? `; ${left} could not run on this history` : ''}.`;
}

function isNotRun({ verdict }: CheckReport): boolean {
  return verdict === 'not run';
}
