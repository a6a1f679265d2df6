import { AppError, isoUtc, type EpochMs } from '../core/index.ts';

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

/** A range that the history does not cover. */
export function windowsMissing(moment: EpochMs, span: { first: EpochMs; last: EpochMs }): AppError {
  return usageInvalid(
    `${isoUtc(moment)} leaves no window to work on: the history has bars that close from ${isoUtc(span.first)} to ${isoUtc(span.last)}. Choose --from and --to within.`,
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
