import { AppError } from '../core/index.ts';

/** Saved JSON that no model of the family could have written. */
export function modelInvalid(family: string, problems: readonly string[]): AppError {
  return new AppError({
    code: 'MODEL_INVALID',
    message: `this JSON is no saved "${family}" model (${problems.join('; ')}): restore the file, or fit the model again`,
    status: 500,
    retryable: false,
    details: { family, problems },
  });
}
