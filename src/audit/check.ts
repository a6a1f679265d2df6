import type { RawRecord } from '../sources/index.ts';
import type { RecordTimes } from './known-from.ts';
import type { AuditedPipeline, Folding } from './pipeline.ts';

/** Numbers and moments that prove a finding. */
export type Evidence = Readonly<Record<string, unknown>>;

/** A leak by its name, with what shows it. */
export interface Finding {
  name: string;
  evidence: Evidence;
}

/** What a check came to. */
export type Outcome =
  /** `compared` says what was held against what, and how much of it. */
  | { verdict: 'clean' | 'found'; compared: string; findings: readonly Finding[] }
  /** The history does not hold what the check needs; that is no pass. */
  | { verdict: 'not run'; reason: string };

/** The pipeline under audit with the history it is audited on. A check knows nothing else. */
export interface AuditCase {
  pipeline: AuditedPipeline;
  records: readonly RawRecord[];
  /** Of each record, by rules of the audit's own. */
  times: readonly RecordTimes[];
  /** What the pipeline makes of the whole history. */
  whole: Folding;
  seed: number;
}

/** One attack. */
export interface Check {
  name: string;
  /**
   * True for a check that sees that something is wrong but not what: where another check has named a leak, what this
   * one sees follows from it.
   */
  seesSymptoms: boolean;
  run(audited: AuditCase): Outcome | Promise<Outcome>;
}

/** The reason of a check that needs predictions which tell windows apart. */
export const SAYS_THE_SAME =
  'the family says the same of every window: from so few rows it has learnt nothing that could leak';

/** The outcome of a check that ran. */
export function outcomeOf(compared: string, findings: readonly Finding[]): Outcome {
  return { verdict: findings.length > 0 ? 'found' : 'clean', compared, findings };
}

/** The outcome of a check that could not. */
export function notRun(reason: string): Outcome {
  return { verdict: 'not run', reason };
}
