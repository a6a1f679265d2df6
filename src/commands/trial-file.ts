import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../core/index.ts';
import type { TrialRecord } from '../models/index.ts';
import { outFileUnwritable, usageInvalid } from './errors.ts';
import { isFileError } from './out-file.ts';

/** What a search is of: its name follows from its options, its data and the code. */
export interface SearchName {
  search: string;
  /** For whoever reads the file. */
  facts: Record<string, string | number | boolean>;
}

/** Where a search keeps its trials: a line that names it, then a line a record. */
export interface TrialFile {
  /** What an earlier run of the same search wrote. */
  known: TrialRecord[];
  /** @throws AppError `OUT_FILE_UNWRITABLE` */
  append(record: TrialRecord): void;
}

const HEAD = z.looseObject({ search: z.string() });

const RECORD = z.strictObject({
  fold: z.int().min(0),
  trial: z.int().min(0),
  rung: z.int().min(0),
  share: z.number().positive().max(1),
  settings: z.record(z.string(), z.union([z.number(), z.string()])),
  logLoss: z.number(),
});

/**
 * Opens the file of a search, or begins it. A last line that was cut off in writing is dropped, and its trial is done anew.
 * @throws AppError `USAGE_INVALID` when the file is another search's or holds something else, `OUT_FILE_UNWRITABLE`
 */
export function openTrialFile(path: string, { search, facts }: SearchName): TrialFile {
  const append = (record: TrialRecord) => {
    guarded(path, () => {
      appendFileSync(path, `${JSON.stringify(record)}\n`);
    });
  };
  return guarded(path, () => {
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    if (text === '') {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${JSON.stringify({ search, ...facts })}\n`);
      return { known: [], append };
    }
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const [head = '', ...lines] = whole.trimEnd().split('\n');
    const named = HEAD.safeParse(parsed(head));
    if (!named.success) throw usageInvalid(`${path} is no file of a search. Name another one with --out.`);
    if (named.data.search !== search) {
      throw usageInvalid(
        `${path} holds another search (${named.data.search}, this one is ${search}): its options, its history or the program differ. Name another file with --out.`,
      );
    }
    const known = lines.map((line, place) => recordIn(line, { path, line: place + 2 }));
    truncateSync(path, Buffer.byteLength(whole));
    return { known, append };
  });
}

function recordIn(text: string, { path, line }: { path: string; line: number }): TrialRecord {
  const record = RECORD.safeParse(parsed(text));
  if (record.success) return record.data;
  throw usageInvalid(`${path}, line ${line}, is no trial. Delete the line, or name another file with --out.`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function guarded<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!isFileError(error)) throw error;
    throw outFileUnwritable(path, messageOf(error));
  }
}
