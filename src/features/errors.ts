import { AppError } from '../core/index.ts';

/** The text of a stored state cannot be this feature set's. */
export function featureStateInvalid(
  { expected, reason }: { expected: string; reason: string },
  cause?: unknown,
): AppError {
  return new AppError(
    {
      code: 'FEATURES_STATE_INVALID',
      message: `The stored feature state is not one of feature set ${expected}: ${reason}. Fold the history again into a fresh workspace (--fresh).`,
      status: 500,
      retryable: false,
      details: { featureSet: expected, reason },
    },
    { cause },
  );
}
