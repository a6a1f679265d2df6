import { AppError, messageOf } from '../core/index.ts';

/** A line of a file of rated texts that cannot be used. */
export interface BadLine {
  line: number;
  problem: string;
}

const LINES_SHOWN = 5;

/** The file of rated texts cannot be read at all: it is missing, a folder, forbidden, or a gzip that was cut off. */
export function dataUnreadable(file: string, cause: unknown): AppError {
  return new AppError(
    {
      code: 'SENTIMENT_DATA_UNREADABLE',
      message: `The rated texts in ${file} cannot be read: ${messageOf(cause)}. Check the path and the file; a .gz that ends too early must be fetched or packed again.`,
      status: 400,
      retryable: false,
      details: { file },
    },
    { cause },
  );
}

/** The file of rated texts has no row. */
export function dataEmpty(file: string): AppError {
  return new AppError({
    code: 'SENTIMENT_DATA_EMPTY',
    message: `${file} holds no rated text. Give a file with one {"text", "label"} or {"text", "score"} a line.`,
    status: 400,
    retryable: false,
    details: { file },
  });
}

/** Some lines cannot be used. None is left out silently, because the figures would then be about other texts. */
export function dataInvalid(file: string, badLines: readonly BadLine[]): AppError {
  const shown = badLines
    .slice(0, LINES_SHOWN)
    .map(({ line, problem }) => `  ${file}, line ${line}: ${problem}`);
  const rest = badLines.length > LINES_SHOWN ? [`  and ${badLines.length - LINES_SHOWN} more`] : [];
  return new AppError({
    code: 'SENTIMENT_DATA_INVALID',
    message: [
      `${badLines.length} line(s) of rated texts cannot be used, so none of the file was.`,
      ...shown,
      ...rest,
      'Correct or remove these lines; every line is one {"text": string, "label": negative | neutral | positive} or {"text": string, "score": number}.',
    ].join('\n'),
    status: 400,
    retryable: false,
    details: { file, badLines: badLines.length, first: badLines[0] },
  });
}

/** The per-row results cannot be written where they should go. */
export function resultsUnwritable(file: string, cause: unknown): AppError {
  return new AppError(
    {
      code: 'SENTIMENT_RESULTS_UNWRITABLE',
      message: `The results cannot be written to ${file}: ${messageOf(cause)}. Nothing was left there; choose a folder that exists, is writable and has room.`,
      status: 507,
      retryable: true,
      details: { file },
    },
    { cause },
  );
}

/** Too much is waiting to be scored already: said early, so that nobody waits for nothing. */
export function scorerOverloaded(
  family: string,
  { waiting, bound, retryAfterSeconds }: { waiting: number; bound: number; retryAfterSeconds: number },
): AppError {
  return new AppError({
    code: 'SENTIMENT_OVERLOADED',
    message: `${family} has ${waiting} texts waiting already and takes at most ${bound}. Ask again in ${retryAfterSeconds} s, or ask /predict/vader.`,
    status: 503,
    retryable: true,
    details: { family, waiting, bound, retryAfterSeconds },
  });
}

/** The rows cannot teach this family anything. */
export function trainingRefused(family: string, reason: string, remedy: string): AppError {
  return new AppError({
    code: 'SENTIMENT_TRAINING_REFUSED',
    message: `${family} was not trained: ${reason}. ${remedy}`,
    status: 400,
    retryable: false,
    details: { family, reason },
  });
}

/** The files of a version are not what its family writes. */
export function artifactInvalid(family: string, problem: string, cause?: unknown): AppError {
  return new AppError(
    {
      code: 'SENTIMENT_ARTIFACT_INVALID',
      message: `A version of ${family} cannot be loaded: ${problem}. Take another version, or train a new one: retrain --family ${family} --data FILE.jsonl.`,
      status: 500,
      retryable: false,
      details: { family, problem },
    },
    { cause },
  );
}

/** A transformer's files are sound, and describe a variant that is not run here. */
export function transformerUnsupported(what: string, remedy: string): AppError {
  return new AppError({
    code: 'SENTIMENT_TRANSFORMER_UNSUPPORTED',
    message: `This transformer cannot be used: ${what}. ${remedy}`,
    status: 422,
    retryable: false,
    details: { what },
  });
}

/** A family that is known, and cannot answer now. What failed is not tried again within a minute. */
export function scorerUnavailable(
  family: string,
  { reason, remedy, retryAfterSeconds = 60 }: { reason: string; remedy: string; retryAfterSeconds?: number },
): AppError {
  return new AppError({
    code: 'SENTIMENT_UNAVAILABLE',
    message: `${family} is not available: ${reason} ${remedy}`,
    status: 503,
    retryable: true,
    details: { family, reason, remedy, retryAfterSeconds },
  });
}
