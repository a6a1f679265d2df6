import { AppError } from '../core/index.ts';

/** A model that was shown the held-out range before. */
export function holdoutOpened(
  modelVersion: string,
  { at, range, results }: { at: string; range: string; results: string },
): AppError {
  return new AppError({
    code: 'HOLDOUT_OPENED',
    message: `${modelVersion} was shown the range ${range} at ${at} already, and a range is opened once for a model. It gave: ${results}. For another look keep back another range with BELLWETHER_HOLDOUT.`,
    status: 409,
    retryable: false,
    details: { modelVersion, at, range },
  });
}

/** A model that has learnt from the range that is to judge it. */
export function holdoutLearnt(
  modelVersion: string,
  { arm, to, range }: { arm: string; to: string; range: string },
): AppError {
  return new AppError({
    code: 'HOLDOUT_LEARNT',
    message: `${modelVersion} cannot be judged by ${range}: its ${arm} has learnt from windows up to ${to}, which lies inside. Set BELLWETHER_HOLDOUT, retrain, and open that version.`,
    status: 409,
    retryable: false,
    details: { modelVersion, arm, to, range },
  });
}
