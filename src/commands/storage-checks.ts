import { MIGRATIONS } from '../compose.ts';
import {
  findMigrationDrift,
  isAppError,
  isoUtc,
  MINUTE_MS,
  missingWindows,
  type EpochMs,
  type Postgres,
  type Workspace,
} from '../core/index.ts';
import { verifyBronze } from '../lake/index.ts';
import { WINDOW_JOB } from '../window-run.ts';
import { failed, passed, warned, type Check } from './doctor-report.ts';
import { surveyRegistry } from './registry-survey.ts';
import { describeCount } from './sizes.ts';
import * as sql from './statements.ts';
import { isGone, readLedgerSpans, type LedgerSpan } from './workspace-figures.ts';

const SHOWN = 3;

/** Whether the database answers; one that is still to be made is no fault. */
export async function checkDatabase(
  open: () => Promise<Postgres | null>,
): Promise<{ check: Check; postgres: Postgres | null }> {
  try {
    const postgres = await open();
    const detail =
      postgres === null
        ? 'not made yet; the first start or import makes it'
        : postgres.isEmbedded
          ? `the built-in Postgres answers (process ${postgres.pid ?? '?'})`
          : 'the Postgres of DATABASE_URL answers';
    return { check: passed('database', detail), postgres };
  } catch (error) {
    if (!isAppError(error)) throw error;
    // The catalogue's messages say both what happened and what to do.
    return { check: failed('database', error.code, error.message), postgres: null };
  }
}

/** Everything about one workspace: tables, ledger, predictions, raw records. */
export async function checkWorkspace(workspace: Workspace): Promise<Check[]> {
  const { name, bronzeDir } = workspace;
  const tables = await checkTables(workspace);
  const spans = tables.status === 'ok' ? await spansOf(workspace) : null;
  return [
    passed('workspace', name),
    tables,
    ...(spans === null
      ? []
      : [await checkLedger(workspace, spans), await checkPredictions(workspace, spans)]),
    await checkBronze(bronzeDir),
    ...(tables.status === 'ok' ? [await checkModels(workspace)] : []),
  ];
}

/** Every version's files against their hashes; what is live has to be sound. */
async function checkModels(workspace: Workspace): Promise<Check> {
  const { versions, unrecorded } = await surveyRegistry(workspace);
  const broken = versions.filter(({ problem }) => problem !== null);
  const told = broken
    .slice(0, SHOWN)
    .map(({ problem }) => problem)
    .join('\n');
  if (broken.some(({ live }) => live.length > 0)) {
    return failed(
      'models',
      told,
      'Other arms answer for it. Make a sound version live: deploy --family F --version V (registry list shows them), or retrain --family F, then deploy --family F.',
    );
  }
  if (broken.length > 0 || unrecorded.length > 0) {
    const folders = unrecorded.map(({ path }) => `nobody knows ${path}`).slice(0, SHOWN);
    return warned(
      'models',
      [told, ...folders].filter((line) => line !== '').join('\n'),
      'See registry list.',
    );
  }
  const live = new Set(versions.filter((version) => version.live.length > 0));
  return passed(
    'models',
    `${describeCount(versions.length)} recorded, ${describeCount(live.size)} live, all sound`,
  );
}

async function checkTables(workspace: Workspace): Promise<Check> {
  const { missing, ahead } = await findMigrationDrift(workspace, MIGRATIONS);
  if (ahead.length > 0) {
    return failed(
      'tables',
      `a newer version of Bellwether has changed the tables of ${ahead.join(', ')}`,
      'Update Bellwether, or use another BELLWETHER_DATA_DIR or DATABASE_URL with this version.',
    );
  }
  return missing.length === 0
    ? passed('tables', 'up to date')
    : warned(
        'tables',
        `${missing.length} changes to come: ${missing.join(', ')}`,
        'The next start, import or replay makes them; nothing else is to be done.',
      );
}

async function spansOf(workspace: Workspace): Promise<LedgerSpan[] | null> {
  try {
    return await readLedgerSpans(workspace);
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

async function checkLedger({ pool }: Workspace, spans: readonly LedgerSpan[]): Promise<Check> {
  if (spans.length === 0) return passed('windows', 'none decided yet');
  const missing: EpochMs[] = [];
  for (const { asset, first, last, barMinutes } of spans) {
    if (barMinutes === null) continue;
    const after = first - barMinutes * MINUTE_MS;
    missing.push(...(await missingWindows(pool, { job: WINDOW_JOB, asset, after, upTo: last, barMinutes })));
  }
  const windows = spans.reduce((sum, span) => sum + span.windows, 0);
  const [span] = spans;
  const range = span === undefined ? '' : `, ${isoUtc(span.first)} to ${isoUtc(span.last)}`;
  return missing.length === 0
    ? passed('windows', `${describeCount(windows)} without a hole${range}`)
    : failed(
        'windows',
        `${describeCount(missing.length)} missing between the first and the last: ${firstOf(missing)}`,
        'Windows are committed in order, so rows were deleted from the ledger. Restore a backup, or delete the workspace (reset --workspace NAME) and run it again.',
      );
}

async function checkPredictions({ pool }: Workspace, spans: readonly LedgerSpan[]): Promise<Check> {
  const unpredicted: EpochMs[] = [];
  for (const { asset } of spans) {
    const { rows } = await pool.query<{ windowEnd: EpochMs }>(sql.UNPREDICTED_WINDOWS, [WINDOW_JOB, asset]);
    unpredicted.push(...rows.map(({ windowEnd }) => windowEnd));
  }
  return unpredicted.length === 0
    ? passed('predictions', 'there for every window since the first prediction')
    : failed(
        'predictions',
        `${describeCount(unpredicted.length)} windows have none: ${firstOf(unpredicted)}`,
        'A window commits together with its predictions, so rows were deleted. Restore a backup, or delete the workspace (reset --workspace NAME) and run it again.',
      );
}

async function checkBronze(bronzeDir: string): Promise<Check> {
  const name = 'raw records';
  const first = await verifyBronze(bronzeDir);
  // A start that runs may have added to a file between the look at the manifest and the look at the file.
  const found = first.isSound ? first : await verifyBronze(bronzeDir);
  if (!found.isSound) {
    return failed(
      name,
      found.problems.slice(0, SHOWN).join('\n'),
      `Restore ${bronzeDir} from a backup. Predictions do not read it; only the raw records are in doubt.`,
    );
  }
  if (found.recovered.length > 0) {
    return warned(
      name,
      `${found.files} files fit their hashes; ${found.recovered.length} were once changed by somebody else: ${found.recovered.slice(0, SHOWN).join(', ')}`,
      'Find out who writes to the data folder beside Bellwether.',
    );
  }
  return passed(name, found.files === 0 ? 'none yet' : `${found.files} files fit their chained hashes`);
}

function firstOf(windows: readonly EpochMs[]): string {
  const more = windows.length - SHOWN;
  return `${windows.slice(0, SHOWN).map(isoUtc).join(', ')}${more > 0 ? ` and ${describeCount(more)} more` : ''}`;
}
