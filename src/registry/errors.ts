import { AppError, isoUtc, messageOf, type EpochMs } from '../core/index.ts';

const NAMES_SHOWN = 5;

/** A family, a version or a model of a version that is not there; `known` are those that are. */
export function modelNotFound(wanted: string, known: readonly string[]): AppError {
  const shown = known.slice(0, NAMES_SHOWN).join(', ');
  const more = known.length > NAMES_SHOWN ? ` and ${known.length - NAMES_SHOWN} more` : '';
  const there =
    known.length === 0
      ? '`registry list` shows what there is, `retrain` makes more.'
      : `There is ${shown}${more}.`;
  return new AppError({
    code: 'REGISTRY_MODEL_NOT_FOUND',
    message: `The registry has no ${wanted}. ${there}`,
    status: 404,
    retryable: false,
    details: { wanted, known: known.slice(0, NAMES_SHOWN) },
  });
}

/** How a file of a version differs from what was recorded: a SHA-256 each; null: there is none. */
export interface FileProblem {
  file: string;
  expected: string | null;
  found: string | null;
}

const RESTORE = 'Restore the folder from a backup, or retrain and deploy the new version';

/** A version is not, byte for byte, what it was when it was recorded. It is never loaded. */
export function artifactChanged(modelVersion: string, problems: readonly FileProblem[]): AppError {
  const [first] = problems;
  const what =
    first?.expected === null
      ? `holds ${first.file}, which its manifest does not name`
      : `is refused because ${first?.file ?? 'a file'} changed: expected SHA-256 ${first?.expected ?? '-'}, found ${first?.found ?? 'no file'}`;
  const more = problems.length > 1 ? `; ${problems.length - 1} more of its files are wrong` : '';
  return new AppError({
    code: 'REGISTRY_ARTIFACT_CHANGED',
    message: `${modelVersion} ${what}${more}. ${first?.expected === null ? 'Move that file away' : RESTORE}.`,
    status: 500,
    retryable: false,
    details: { modelVersion, file: first?.file, expected: first?.expected, found: first?.found, problems },
  });
}

/** A file of a version, or its whole folder, is not there or cannot be read. */
export function artifactMissing(modelVersion: string, path: string, cause?: unknown): AppError {
  const why = cause === undefined ? 'is not there' : `cannot be read: ${messageOf(cause)}`;
  return new AppError(
    {
      code: 'REGISTRY_ARTIFACT_MISSING',
      message: `${modelVersion} cannot be opened: ${path} ${why}. ${RESTORE}.`,
      status: 500,
      retryable: false,
      details: { modelVersion, path },
    },
    { cause },
  );
}

/** A manifest or a model file that nobody who keeps to the format could have written. */
export function versionInvalid(modelVersion: string, problem: string, cause?: unknown): AppError {
  return new AppError(
    {
      code: 'REGISTRY_VERSION_INVALID',
      message: `${modelVersion} cannot be used: ${problem}. ${RESTORE}.`,
      status: 500,
      retryable: false,
      details: { modelVersion, problem },
    },
    { cause },
  );
}

/** A model that learnt from other features than those that are computed today. */
export function featureSetMismatch(
  modelVersion: string,
  { expected, found }: { expected: string; found: string },
): AppError {
  return new AppError({
    code: 'REGISTRY_FEATURE_SET_MISMATCH',
    message: `${modelVersion} reads feature set ${found}, but ${expected} is computed now. Retrain the family, then deploy the new version.`,
    status: 409,
    retryable: false,
    details: { modelVersion, expected, found },
  });
}

/** A model that learnt from another asset than it is to answer for. */
export function assetMismatch(
  modelVersion: string,
  { expected, found }: { expected: string; found: string },
): AppError {
  return new AppError({
    code: 'REGISTRY_ASSET_MISMATCH',
    message: `${modelVersion} learnt from ${found} and cannot answer for ${expected}. Choose a version of ${expected}; registry list shows which there are.`,
    status: 409,
    retryable: false,
    details: { modelVersion, expected, found },
  });
}

/** A number that another version has already. */
export function versionTaken(modelVersion: string, where: string): AppError {
  return new AppError({
    code: 'REGISTRY_VERSION_TAKEN',
    message: `${modelVersion} is in ${where} already, with other content. A version is never written over; ask for the next number and try again.`,
    status: 409,
    retryable: true,
    details: { modelVersion, where },
  });
}

/** The registry folder cannot be written: the disk is full, or the folder is read-only. Nothing is half-written. */
export function registryWriteFailed(path: string, cause: unknown): AppError {
  return new AppError(
    {
      code: 'REGISTRY_WRITE_FAILED',
      message: `A model version could not be written to ${path}: ${messageOf(cause)}. Nothing of it was kept; free disk space or make the folder writable, then try again.`,
      status: 507,
      retryable: true,
      details: { path },
    },
    { cause },
  );
}

/** Somebody else changed what is live between a decision and its writing. */
export function stateMoved(asset: string, moved: string): AppError {
  return new AppError({
    code: 'REGISTRY_STATE_MOVED',
    message: `What is live for ${asset} changed meanwhile: ${moved}. Nothing was written; look at deployments and try again.`,
    status: 409,
    retryable: true,
    details: { asset, moved },
  });
}

/** An entry that would stand before the last one. */
export function deploymentTooEarly(facts: { asset: string; at: EpochMs; last: EpochMs }): AppError {
  return new AppError({
    code: 'REGISTRY_DEPLOYMENT_TOO_EARLY',
    message: `The ledger of ${facts.asset} ends at ${isoUtc(facts.last)}; an entry at ${isoUtc(facts.at)} would rewrite what was live. Nothing was written; check the clock of this machine.`,
    status: 409,
    retryable: false,
    details: { ...facts },
  });
}

/** No entry is left that could be taken back. */
export function nothingToRollBack(asset: string, reason: string): AppError {
  return new AppError({
    code: 'REGISTRY_NOTHING_TO_ROLL_BACK',
    message: `Nothing of ${asset} can be rolled back: ${reason}. Deploy the version that you want instead.`,
    status: 409,
    retryable: false,
    details: { asset, reason },
  });
}

/** An arm that is to answer for a horizon at which nothing of it is live. */
export function armNotLive({
  arm,
  horizonMinutes,
  live,
}: {
  arm: string;
  horizonMinutes: number;
  live: readonly string[];
}): AppError {
  const there = live.length === 0 ? 'Nothing is live there' : `Live there: ${live.join(', ')}`;
  return new AppError({
    code: 'REGISTRY_ARM_NOT_LIVE',
    message: `No model of ${arm} is live at ${horizonMinutes} minutes, so it cannot answer. ${there}. Deploy a version of it first (deploy --family F).`,
    status: 409,
    retryable: false,
    details: { arm, horizonMinutes, live },
  });
}
