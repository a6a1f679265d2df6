import { inTransaction, type EpochMs, type Queryable, type Workspace } from '../core/index.ts';
import type { KnownRange, RawRecord, Source } from '../sources/index.ts';
import { openBronze, type BronzeFile, type BronzeRecord, type BronzeWriter } from './bronze.ts';
import type { PriceReference } from './inspect-candle.ts';
import { createDoor, seriesName, type Door } from './quality.ts';
import { countPerTable, type QualityReport } from './quality-report.ts';
import {
  analyzeSilver,
  insertQuarantine,
  insertSilver,
  lockIngest,
  readPriceReferences,
  type SilverRow,
} from './silver.ts';
import { TABLE_OF, type Table, type Verdict } from './verdict.ts';

/** Where an ingest stands. */
export interface IngestProgress {
  /** Records read so far. */
  read: number;
  /** Rows that are new in silver so far. */
  stored: number;
  /** Records that were turned away so far. */
  quarantined: number;
}

export interface IngestOptions {
  source: Source;
  asset: string;
  range: KnownRange;
  /** The moment of ingestion. Nothing that claims to lie after it is believed. */
  now: EpochMs;
  onProgress?: (progress: IngestProgress) => void;
}

/** What an ingest changed, and what it thought of the records. */
export interface IngestReport extends Omit<QualityReport, 'accepted'> {
  /** Rows that are new in silver. */
  rows: Record<Table, number>;
  /** Good rows that silver had before. */
  alreadyStored: Record<Table, number>;
  /** Files of raw records that grew. */
  bronzeFiles: BronzeFile[];
}

/** Records that are judged, stored and reported together. */
const BATCH_RECORDS = 5_000;

/** From so many new rows on the planner's picture of the tables is out of date. */
const ANALYZE_FROM_ROWS = 5_000;

/**
 * Brings everything a source has within a range through the door: good rows into silver, bad ones into quarantine,
 * every new record into bronze, in one transaction. What was there before is left alone, so the same ingest again adds
 * nothing and says so.
 *
 * Bronze is written just before the transaction commits. Should the commit itself fail, bronze holds records that
 * silver does not; the next ingest finds them again by their ids and adds them to silver, once.
 * @throws AppError `SOURCE_*` when the source as a whole cannot be read, `LAKE_BRONZE_WRITE_FAILED`,
 *   `LAKE_BRONZE_DAMAGED`; then nothing has changed
 */
export async function ingest(options: IngestOptions & { workspace: Workspace }): Promise<IngestReport> {
  const { workspace, ...rest } = options;
  return inTransaction(workspace.pool, (client) =>
    ingestInto(client, { ...rest, bronzeDir: workspace.bronzeDir }),
  );
}

/** Like `ingest`, within the caller's transaction, which alone decides whether silver keeps the rows. */
export async function ingestInto(
  client: Queryable,
  options: IngestOptions & { bronzeDir: string },
): Promise<IngestReport> {
  await lockIngest(client);
  const door = createDoor({
    asset: options.asset,
    now: options.now,
    references: await loadReferences(client, options),
  });
  const intake = createIntake(client, options);
  try {
    for await (const batch of inBatches(options.source.fetch(options.range))) {
      await intake.take(batch.map((record) => ({ record, verdict: door.check(record) })));
    }
    return await intake.finish(door);
  } catch (error) {
    await intake.abort();
    throw error;
  }
}

interface Judged {
  record: RawRecord;
  verdict: Verdict;
}

/** Stores judged batches and counts what was new. */
function createIntake(client: Queryable, options: { bronzeDir: string } & IngestOptions) {
  const { bronzeDir, now } = options;
  const rows = countPerTable();
  const alreadyStored = countPerTable();
  const progress = { read: 0, stored: 0, quarantined: 0 };
  let bronze: BronzeWriter | null = null;
  let storedRevisions = 0;

  async function take(batch: readonly Judged[]): Promise<void> {
    const fresh = new Set<string>();
    for (const [kind, silver] of Map.groupBy(silverRows(batch), ({ observation }) => observation.kind)) {
      const { ids, revisions } = await insertSilver(client, silver, now);
      const table = TABLE_OF[kind];
      rows[table] += ids.size;
      alreadyStored[table] += silver.length - ids.size;
      storedRevisions += revisions;
      for (const id of ids) fresh.add(id);
    }
    progress.stored += fresh.size;
    const rejected = quarantineRows(batch);
    for (const id of await insertQuarantine(client, rejected, now)) fresh.add(id);
    await keepRaw(batch, fresh);
    progress.read += batch.length;
    progress.quarantined += rejected.length;
    options.onProgress?.({ ...progress });
  }

  async function keepRaw(batch: readonly Judged[], fresh: Set<string>): Promise<void> {
    if (fresh.size === 0) return;
    bronze ??= await openBronze({ bronzeDir, ingestedAt: now });
    await bronze.add(bronzeRecords(batch, fresh));
  }

  return {
    take,
    async finish(door: Door): Promise<IngestReport> {
      if (progress.stored >= ANALYZE_FROM_ROWS) await analyzeSilver(client);
      const bronzeFiles = (await bronze?.commit()) ?? [];
      const { duplicates, quarantined, reasons, warnings } = door.report();
      warnings.push(...contradictions(options.source.name, storedRevisions));
      return { rows, alreadyStored, duplicates, quarantined, reasons, warnings, bronzeFiles };
    },
    abort: async () => bronze?.abort(),
  };
}

function silverRows(batch: readonly Judged[]): SilverRow[] {
  return batch.flatMap(({ record, verdict }) =>
    verdict.outcome === 'accepted' ? [{ record, observation: verdict.observation }] : [],
  );
}

function quarantineRows(batch: readonly Judged[]) {
  return batch.flatMap(({ record, verdict }) =>
    verdict.outcome === 'rejected' ? [{ id: verdict.id, record, rejection: verdict.rejection }] : [],
  );
}

/** Takes each fresh id once, also when a bad record stands twice in the batch. */
function bronzeRecords(batch: readonly Judged[], fresh: Set<string>): BronzeRecord[] {
  return batch.flatMap(({ record, verdict: { id, fieldsJson } }) =>
    fresh.delete(id) ? [{ id, fieldsJson, record }] : [],
  );
}

function contradictions(series: string, count: number): QualityReport['warnings'] {
  if (count === 0) return [];
  const message = `${series}: rows that contradict what was stored before: ${count}. What was stored serves on, these are kept beside it.`;
  return [{ kind: 'revisions', series, count, message }];
}

async function loadReferences(
  client: Queryable,
  { asset, range }: IngestOptions,
): Promise<Map<string, PriceReference>> {
  if (!Number.isFinite(range.after)) return new Map();
  const references = await readPriceReferences(client, { asset, at: range.after });
  return new Map(references.map((reference) => [seriesName(reference), reference]));
}

async function* inBatches(records: AsyncIterable<RawRecord>): AsyncGenerator<RawRecord[]> {
  let batch: RawRecord[] = [];
  for await (const record of records) {
    batch.push(record);
    if (batch.length < BATCH_RECORDS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
