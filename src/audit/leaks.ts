import type { RawRecord } from '../sources/index.ts';
import type { AuditCase, Check, Evidence, Outcome } from './check.ts';
import { endToEnd } from './check-end-to-end.ts';
import { futureChecks } from './check-future.ts';
import { knownTimes } from './check-known-times.ts';
import { purge } from './check-purge.ts';
import { revisions } from './check-revisions.ts';
import { scaling } from './check-scaling.ts';
import { noise, oneBarLater, shuffledLabels } from './check-skill.ts';
import { truth } from './check-truth.ts';
import { timesOf } from './known-from.ts';
import { foldRecords, type AuditedPipeline } from './pipeline.ts';

/** Those that name a leak first, those that only see symptoms last. */
const CHECKS: readonly Check[] = [
  knownTimes,
  ...futureChecks,
  revisions,
  truth,
  purge,
  scaling,
  endToEnd,
  oneBarLater,
  shuffledLabels,
  noise,
];

/** How many checks an audit has. */
export const CHECK_COUNT = CHECKS.length;

/** Fewer checks than this that could run are no audit. */
export const FEWEST_CHECKS = 5;

/** What became of one check. */
export interface CheckReport {
  check: string;
  /** `follows`: it sees symptoms of a leak that another check has named. */
  verdict: 'clean' | 'found' | 'follows' | 'not run';
  /** What was held against what, or why nothing was. */
  compared: string;
  /** Names of the leaks that it saw. */
  leaks: string[];
}

/** A leak, with what each check that saw it saw. */
export interface LeakFinding {
  name: string;
  evidence: (Evidence & { check: string })[];
}

/** What an audit came to. */
export interface LeakAudit {
  /** How many checks ran. */
  checks: number;
  findings: LeakFinding[];
  reports: CheckReport[];
}

/** The history on its way through the pipeline, once, as every check is given it. */
export async function openCase(
  pipeline: AuditedPipeline,
  { records, seed }: { records: readonly RawRecord[]; seed: number },
): Promise<AuditCase> {
  const whole = await foldRecords(pipeline, records);
  return { pipeline, records, times: records.map(timesOf), whole, seed };
}

/**
 * Attacks a pipeline with every check. The checks know it by its stages alone.
 * @param onCheck - told before each check which one it is and how many are done
 * @returns the same for the same pipeline, history and seed
 */
export async function auditLeaks(
  audited: AuditCase,
  onCheck: (check: string, done: number) => void = () => {},
): Promise<LeakAudit> {
  const findings = new Map<string, LeakFinding>();
  const reports: CheckReport[] = [];
  for (const [done, check] of CHECKS.entries()) {
    onCheck(check.name, done);
    const outcome = await check.run(audited);
    const follows = check.seesSymptoms && findings.size > 0;
    reports.push(reportOf(check, outcome, follows));
    if (outcome.verdict === 'not run' || follows) continue;
    for (const { name, evidence } of outcome.findings) {
      const finding = findings.get(name) ?? { name, evidence: [] };
      finding.evidence.push({ check: check.name, ...evidence });
      findings.set(name, finding);
    }
  }
  const ran = reports.filter(({ verdict }) => verdict !== 'not run').length;
  return { checks: ran, findings: [...findings.values()], reports };
}

function reportOf({ name }: Check, outcome: Outcome, follows: boolean): CheckReport {
  if (outcome.verdict === 'not run') {
    return { check: name, verdict: 'not run', compared: outcome.reason, leaks: [] };
  }
  const leaks = [...new Set(outcome.findings.map((finding) => finding.name))];
  const verdict = outcome.verdict === 'found' && follows ? 'follows' : outcome.verdict;
  return { check: name, verdict, compared: outcome.compared, leaks };
}
