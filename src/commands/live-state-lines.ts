import { isoUtc } from '../core/index.ts';
import type { Deployment, LiveChange, LiveState } from '../registry/index.ts';
import { alignColumns } from './align-columns.ts';

/** A change in words: `trees+vader at 60 minutes: trees@1.0.0 -> trees@1.0.1`. */
export function describeChange(change: LiveChange): string {
  const who = change.kind === 'model' ? change.arm : 'champion';
  return `${who} at ${change.horizonMinutes} minutes: ${change.from ?? 'none'} -> ${change.to ?? 'none'}`;
}

/** A table of what is live: a line an arm and horizon, with who answers. */
export function describeState({ models, champions }: LiveState): string[] {
  const rows = models.map(({ arm, horizonMinutes, modelVersion }) => {
    const answers = champions.some(
      (champion) => champion.horizonMinutes === horizonMinutes && champion.arm === arm,
    );
    return [arm, String(horizonMinutes), modelVersion, answers ? 'champion' : 'shadow'];
  });
  return alignColumns([['arm', 'minutes', 'version', 'role'], ...rows]).map((line) => `  ${line}`);
}

/** An entry of the ledger as `--json` prints it. */
export function deploymentJson({ at, ...entry }: Deployment): object {
  return { ...entry, at: isoUtc(at) };
}
