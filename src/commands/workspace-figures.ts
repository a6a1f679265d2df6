import { readFact, type EpochMs, type Workspace } from '../core/index.ts';
import { latestDeployment, liveVersion, NOTHING_LIVE } from '../registry/index.ts';
import { WINDOW_JOB } from '../window-run.ts';
import { RESULT_FACT } from './replay.ts';
import { bytesUnder } from './sizes.ts';
import * as sql from './statements.ts';

/** What a workspace holds. */
export interface WorkspaceFigures {
  name: string;
  /** False: its tables are not made yet, or it is being deleted; then every count is 0. */
  isReady: boolean;
  assets: string[];
  windows: number;
  firstWindow: EpochMs | null;
  lastWindow: EpochMs | null;
  predictions: number;
  /** With a known outcome, void ones included. */
  matured: number;
  voids: number;
  pending: number;
  /** Rows of silver per table. */
  rows: Record<string, number>;
  /** Records turned away, per reason, the most frequent first. */
  quarantine: Record<string, number>;
  /** Who answers, per asset and horizon; none before the first deployment. */
  answering: { asset: string; horizonMinutes: number; arm: string; modelVersion: string | null }[];
  postgresBytes: number;
  bronzeBytes: number;
  /** Null for workspaces that are no replay's. */
  replayFinished: boolean | null;
}

/** What the ledger holds of one asset. */
export interface LedgerSpan {
  asset: string;
  windows: number;
  first: EpochMs;
  last: EpochMs;
  /** Null while there is but one window. */
  barMinutes: number | null;
}

/** SQLSTATEs of a table or a schema that is not there (any more). */
const GONE: ReadonlySet<string> = new Set(['42P01', '3F000']);

/** Looks a workspace over; writes nothing. */
export async function readFigures(workspace: Workspace): Promise<WorkspaceFigures> {
  const { name, bronzeDir, pool } = workspace;
  const bronzeBytes = await bytesUnder(bronzeDir);
  const replayFinished = name.startsWith('replay_') ? false : null;
  try {
    const spans = await readLedgerSpans(workspace);
    const counts = await one<{ predictions: number; matured: number; voids: number }>(
      workspace,
      sql.PREDICTION_COUNTS,
    );
    const quarantine = await pool.query<{ reason: string; count: number }>(sql.QUARANTINE_COUNTS);
    const size = await pool.query<{ bytes: number }>(sql.SCHEMA_BYTES, [workspace.schema]);
    return {
      name,
      isReady: true,
      assets: spans.map(({ asset }) => asset),
      windows: spans.reduce((sum, { windows }) => sum + windows, 0),
      firstWindow: spans.length === 0 ? null : Math.min(...spans.map(({ first }) => first)),
      lastWindow: spans.length === 0 ? null : Math.max(...spans.map(({ last }) => last)),
      ...counts,
      pending: counts.predictions - counts.matured,
      rows: await one<Record<string, number>>(workspace, sql.SILVER_COUNTS),
      quarantine: Object.fromEntries(quarantine.rows.map(({ reason, count }) => [reason, count])),
      answering: await readAnswering(workspace, spans),
      postgresBytes: size.rows[0]?.bytes ?? 0,
      bronzeBytes,
      replayFinished: replayFinished === null ? null : (await readFact(pool, RESULT_FACT)) !== undefined,
    };
  } catch (error) {
    if (!isGone(error)) throw error;
    return emptyFigures(name, { bronzeBytes, replayFinished });
  }
}

async function readAnswering(
  { pool }: Workspace,
  spans: readonly LedgerSpan[],
): Promise<WorkspaceFigures['answering']> {
  const answering: WorkspaceFigures['answering'] = [];
  for (const { asset } of spans) {
    const state = (await latestDeployment(pool, asset))?.state ?? NOTHING_LIVE;
    for (const { horizonMinutes, arm } of state.champions) {
      answering.push({
        asset,
        horizonMinutes,
        arm,
        modelVersion: liveVersion(state, { arm, horizonMinutes }),
      });
    }
  }
  return answering;
}

/** The windows in the ledger, per asset. */
export async function readLedgerSpans({ pool }: Workspace): Promise<LedgerSpan[]> {
  const { rows } = await pool.query<LedgerSpan>(sql.LEDGER_SPANS, [WINDOW_JOB]);
  return rows;
}

/** True for the answer of a database to a question about what it does not have. */
export function isGone(error: unknown): boolean {
  return GONE.has((error as { code?: string } | null)?.code ?? '');
}

async function one<Row extends object>({ pool }: Workspace, statement: string): Promise<Row> {
  const { rows } = await pool.query<Row & Record<string, unknown>>(statement);
  const [row] = rows;
  if (row === undefined) throw new RangeError('a count gave no row');
  return row;
}

function emptyFigures(
  name: string,
  known: Pick<WorkspaceFigures, 'bronzeBytes' | 'replayFinished'>,
): WorkspaceFigures {
  return {
    name,
    isReady: false,
    assets: [],
    windows: 0,
    firstWindow: null,
    lastWindow: null,
    predictions: 0,
    matured: 0,
    voids: 0,
    pending: 0,
    rows: {},
    quarantine: {},
    answering: [],
    postgresBytes: 0,
    ...known,
  };
}
