import { AppError, isoUtc, messageOf, type EpochMs } from '../core/index.ts';

/** Words on the command line that cannot be meant: exit code 2. */
export function usageInvalid(message: string): AppError {
  return new AppError({ code: 'USAGE_INVALID', message, status: 400, retryable: false });
}

/** A price family that is not there. */
export function familyUnknown(name: string, known: readonly string[]): AppError {
  return usageInvalid(`There is no price family "${name}". There are: ${known.join(', ')}.`);
}

/** A scorer that is not there. */
export function scorerUnknown(name: string, known: readonly string[]): AppError {
  return usageInvalid(`There is no scorer "${name}". There are: ${known.join(', ')}.`);
}

/** A plant that is not there. */
export function plantUnknown(name: string, known: readonly string[]): AppError {
  return usageInvalid(`There is no plant "${name}". There are: ${known.join(', ')}.`);
}

/** A plant that would leak nothing on this history. */
export function plantImpossible(name: string, obstacle: string): AppError {
  return usageInvalid(
    `--plant ${name} cannot be built on this history: ${obstacle} Choose another plant or history.`,
  );
}

/** An arm to answer with that is not there. */
export function armUnknown(name: string, known: readonly string[]): AppError {
  return usageInvalid(`BELLWETHER_ARM=${name}: there is no such arm. There are: ${known.join(', ')}.`);
}

/** A workspace that is not there. */
export function workspaceUnknown(name: string, known: readonly string[]): AppError {
  const there = known.length === 0 ? 'There is none yet' : `There are: ${known.join(', ')}`;
  return usageInvalid(`There is no workspace "${name}". ${there}.`);
}

/** No workspace is named, and which one is meant does not follow from what is there. */
export function workspaceUnnamed(known: readonly string[]): AppError {
  return usageInvalid(
    known.length === 0
      ? 'There is no workspace yet. npm start, import or replay makes one.'
      : `Name a workspace with --workspace. There are: ${known.join(', ')}.`,
  );
}

/** A workspace that holds nothing to learn from. */
export function workspaceEmpty(workspace: string): AppError {
  return usageInvalid(
    `Workspace ${workspace} holds no candles to learn from. Bring a history in first: npm run bellwether -- import --history DIR.`,
  );
}

/** A training by hand that gave no version. */
export function retrainingFailed(family: string, reason: string): AppError {
  return new AppError({
    code: 'RETRAINING_FAILED',
    message: `${family} was not trained: ${reason} What is live stays as it is.`,
    status: 409,
    retryable: false,
    details: { family, reason },
  });
}

/** A workspace in which nothing was predicted yet. */
export function signalsMissing(workspace: string): AppError {
  return usageInvalid(
    `Workspace ${workspace} holds no prediction yet. Let npm start or a replay decide windows in it, or name another with --workspace.`,
  );
}

/** Bars that leave no close at the end of a horizon that every arm predicts. */
export function barTooLong(barMinutes: number, horizonsMinutes: readonly number[]): AppError {
  return usageInvalid(
    `Bars of ${barMinutes} minutes have no close ${horizonsMinutes.join(' and ')} minutes ahead, which every arm predicts. Choose with --bar one that fits, such as 15 or 60.`,
  );
}

/** A range whose beginning does not lie before its end. */
export function rangeReversed({ from, to }: { from: EpochMs; to: EpochMs }): AppError {
  return usageInvalid(`--from ${isoUtc(from)} is not before --to ${isoUtc(to)}.`);
}

/** A moment that the history does not cover. */
export function windowsMissing(
  moment: EpochMs,
  span: { first: EpochMs; last: EpochMs },
  remedy = 'Choose --from and --to within.',
): AppError {
  return usageInvalid(
    `${isoUtc(moment)} leaves no window to work on: the history has bars that close from ${isoUtc(span.first)} to ${isoUtc(span.last)}. ${remedy}`,
  );
}

/** A history of a single bar. */
export function barsTooFew(close: EpochMs): AppError {
  return usageInvalid(
    `The history has one bar alone, which closes at ${isoUtc(close)}. A direction needs a close before it: name a history of at least two bars.`,
  );
}

/** A range in which no bar of the history closes. */
export function rangeEmpty(
  { from, to }: { from: EpochMs; to: EpochMs },
  span: { first: EpochMs; last: EpochMs },
): AppError {
  return usageInvalid(
    `No window lies after --from ${isoUtc(from)} and up to --to ${isoUtc(to)}: the history has bars that close from ${isoUtc(span.first)} to ${isoUtc(span.last)}. Choose --from and --to so that a bar closes between them.`,
  );
}

/** A result file that cannot be written. */
export function outFileUnwritable(path: string, reason: string): AppError {
  return new AppError({
    code: 'OUT_FILE_UNWRITABLE',
    message: `${path} cannot be written: ${reason}. Name a file in a folder that exists and is writable.`,
    status: 400,
    retryable: false,
    details: { path },
  });
}

/** Every candle of a history was turned away at the door. */
export function candlesMissing(barMinutes: number): AppError {
  return new AppError({
    code: 'CANDLES_MISSING',
    message: `No candle of ${barMinutes} minutes came through the door, so there is nothing to work on. The lines above say why each was turned away; correct the file and start again.`,
    status: 422,
    retryable: false,
    details: { barMinutes },
  });
}

/** The API cannot listen where it was asked to. */
export function portUnusable({
  port,
  host,
  cause,
}: {
  port: number;
  host: string;
  cause: unknown;
}): AppError {
  const isTaken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
  return new AppError(
    {
      code: 'PORT_UNUSABLE',
      message: isTaken
        ? `Port ${port} of ${host} is taken by another program. Name another one: npm start -- --port ${port + 1} (or PORT in the environment).`
        : `The API cannot listen on port ${port} of ${host}: ${messageOf(cause)}. Name another with --port, or another HOST.`,
      status: 409,
      retryable: false,
      details: { port, host },
    },
    { cause },
  );
}

/** A data folder that is meant for other things is never emptied. */
export function resetFolderProtected(folder: string, reason: string): AppError {
  return new AppError({
    code: 'RESET_FOLDER_PROTECTED',
    message: `Nothing is deleted in ${folder}: ${reason}. Name a folder that holds nothing else in BELLWETHER_DATA_DIR; delete what Bellwether put here by hand.`,
    status: 409,
    retryable: false,
    details: { folder },
  });
}

const STRANGERS_SHOWN = 20;

/** A data folder that also holds other people's files, or links that lead out of it. */
export function resetFolderForeign(folder: string, strangers: readonly string[]): AppError {
  const more = strangers.length - STRANGERS_SHOWN;
  return new AppError({
    code: 'RESET_FOLDER_FOREIGN',
    message: [
      `Nothing was deleted: ${folder} holds files or links that are not Bellwether's. Move them elsewhere, then reset again:`,
      ...strangers.slice(0, STRANGERS_SHOWN).map((path) => `  ${path}`),
      ...(more > 0 ? [`  and ${more} more`] : []),
    ].join('\n'),
    status: 409,
    retryable: false,
    details: { folder, strangers: strangers.slice(0, STRANGERS_SHOWN) },
  });
}

/** The workspace that a running start works in. */
export function workspaceInUse(name: string, { pid }: { pid: number }): AppError {
  return new AppError({
    code: 'WORKSPACE_IN_USE',
    message: `The start that runs (process ${pid}) works in workspace ${name}. Stop it first, then delete the workspace.`,
    status: 409,
    retryable: false,
    details: { name, pid },
  });
}

/** The place of a backup holds something already. */
export function backupTargetTaken(place: string): AppError {
  return new AppError({
    code: 'BACKUP_TARGET_TAKEN',
    message: `${place} is there already and is no empty folder. Nothing was written; name another place with --out.`,
    status: 409,
    retryable: false,
    details: { place },
  });
}

/** The system refuses a file of a backup: a full disk, a missing right. */
export function backupUnwritable(place: string, reason: string): AppError {
  return new AppError({
    code: 'BACKUP_UNWRITABLE',
    message: `The backup ${place} could not be written: ${reason}. Nothing of it was left behind; name a place with room in a folder that is writable.`,
    status: 507,
    retryable: true,
    details: { place },
  });
}

/** Files kept changing while they were copied. */
export function backupSourceBusy(folder: string): AppError {
  return new AppError({
    code: 'BACKUP_SOURCE_BUSY',
    message: `${folder} was being written to all the while, so no copy of one moment could be made. Nothing of the backup was left behind; wait until the import or retraining is done, then try again.`,
    status: 503,
    retryable: true,
    details: { folder },
  });
}

/** What is to be restored is no backup, or one of another layout. */
export function backupUnreadable(folder: string, reason: string): AppError {
  return new AppError({
    code: 'BACKUP_UNREADABLE',
    message: `${folder} is no backup that can be read: ${reason}. Nothing was changed; name with --from a folder that the backup command made.`,
    status: 422,
    retryable: false,
    details: { folder },
  });
}

/** A part of a backup is not what the manifest says. */
export function backupDamaged(path: string, reason: string): AppError {
  return new AppError({
    code: 'BACKUP_DAMAGED',
    message: `The backup is damaged: ${path}: ${reason}. Nothing was changed; use another copy of the backup, or an older one.`,
    status: 422,
    retryable: false,
    details: { path },
  });
}

/** A newer version of Bellwether made the backup. */
export function backupNewer(program: string, modules: readonly string[]): AppError {
  return new AppError({
    code: 'BACKUP_NEWER',
    message: `Bellwether ${program} made this backup and knows tables of ${modules.join(', ')} that this version does not. Nothing was changed; restore it with Bellwether ${program} or later.`,
    status: 409,
    retryable: false,
    details: { program, modules },
  });
}

/** A backup is not put over what is there unless that is said. */
export function restoreTargetTaken(workspace: string): AppError {
  return new AppError({
    code: 'RESTORE_TARGET_TAKEN',
    message: `Workspace ${workspace} holds something already. Nothing was changed; add --replace to put the backup in its place, or restore it beside it with --workspace NAME.`,
    status: 409,
    retryable: false,
    details: { workspace },
  });
}

/** The system refuses a file of what is being restored. */
export function restoreUnwritable(folder: string, reason: string): AppError {
  return new AppError({
    code: 'RESTORE_UNWRITABLE',
    message: `The files of the backup could not be put to ${folder}: ${reason}. The workspace is as it was before; free disk space or make the data folder writable, then try again.`,
    status: 507,
    retryable: true,
    details: { folder },
  });
}

/** Somebody else is at work in the workspace that a backup is to replace. */
export function restoreTargetBusy(workspace: string, cause: unknown): AppError {
  return new AppError(
    {
      code: 'RESTORE_TARGET_BUSY',
      message: `Another process uses workspace ${workspace} and does not let go of its tables. Nothing was changed; end the replay or import that runs in it, then try again.`,
      status: 409,
      retryable: true,
      details: { workspace },
    },
    { cause },
  );
}
