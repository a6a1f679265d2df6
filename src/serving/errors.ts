import { AppError, isoUtc, messageOf, type EpochMs } from '../core/index.ts';

/** Nothing has been decided yet: the first windows are still being worked on. */
export function noWindowYet(asset: string): AppError {
  return new AppError({
    code: 'SERVING_NO_WINDOW_YET',
    message: `No window of ${asset} has been decided yet. Ask again in a few seconds; /health says how far it is.`,
    status: 503,
    retryable: true,
    details: { retryAfterSeconds: 5 },
  });
}

/** The question is about a moment before the first decision. */
export function beforeFirstWindow(asked: EpochMs, first: EpochMs): AppError {
  return new AppError({
    code: 'SERVING_BEFORE_FIRST_WINDOW',
    message: `At ${isoUtc(asked)} nothing had been decided. Ask for a moment from ${isoUtc(first)} on.`,
    status: 404,
    retryable: false,
  });
}

/** The question is about a moment that has not been: nobody can say how it stood then. */
export function asOfInFuture(asked: EpochMs, now: EpochMs): AppError {
  return new AppError({
    code: 'SERVING_ASOF_IN_FUTURE',
    message: `asOf: ${isoUtc(asked)} has not been; the clock here says ${isoUtc(now)}. Ask for a moment up to then, or leave asOf out for the present.`,
    status: 400,
    retryable: false,
  });
}

export function horizonUnknown(horizonMinutes: number, served: readonly number[]): AppError {
  return new AppError({
    code: 'SERVING_HORIZON_UNKNOWN',
    message: `horizon_minutes: no prediction is made ${horizonMinutes} minutes ahead. Ask for one of: ${served.join(', ')}.`,
    status: 400,
    retryable: false,
  });
}

export function assetUnknown(asset: string, served: readonly string[]): AppError {
  return new AppError({
    code: 'SERVING_ASSET_UNKNOWN',
    message: `asset: ${asset} is not measured here. Ask for one of: ${served.join(', ')}.`,
    status: 400,
    retryable: false,
  });
}

/** A family of scorers that nobody knows. */
export function scorerUnknown(family: string, known: readonly string[]): AppError {
  return new AppError({
    code: 'SERVING_SCORER_UNKNOWN',
    message: `There is no scorer ${family.slice(0, 40)}. Ask for one of: ${known.join(', ')}.`,
    status: 404,
    retryable: false,
  });
}

/** @param complaints - each begins with the path of its field */
export function requestInvalid(complaints: readonly string[]): AppError {
  return new AppError({
    code: 'SERVING_REQUEST_INVALID',
    message: `The request does not fit: ${complaints.join('; ')}. /docs shows what does.`,
    status: 400,
    retryable: false,
  });
}

/** @param reason - what the parser said, in the parser's words */
export function bodyUnreadable(reason: string): AppError {
  return new AppError({
    code: 'SERVING_BODY_UNREADABLE',
    message: `The body cannot be read: ${reason}. Send JSON such as {"text": "Bitcoin rallies"}.`,
    status: 400,
    retryable: false,
  });
}

export function bodyTooLarge(limitBytes: number): AppError {
  return new AppError({
    code: 'SERVING_BODY_TOO_LARGE',
    message: `The body is larger than ${limitBytes} bytes. Send fewer or shorter texts in one request.`,
    status: 413,
    retryable: false,
  });
}

export function mediaTypeUnsupported(given: string | undefined): AppError {
  return new AppError({
    code: 'SERVING_MEDIA_TYPE_UNSUPPORTED',
    message: `A body of type ${given ?? 'nothing'} is not understood. Send content-type: application/json.`,
    status: 415,
    retryable: false,
  });
}

export function routeNotFound(method: string, path: string): AppError {
  return new AppError({
    code: 'SERVING_ROUTE_NOT_FOUND',
    message: `There is no ${method} ${path}. /docs lists what there is.`,
    status: 404,
    retryable: false,
  });
}

/** The path holds escapes that stand for no text. */
export function urlUnreadable(reason: string): AppError {
  return new AppError({
    code: 'SERVING_URL_UNREADABLE',
    message: `The address cannot be read: ${reason.slice(0, 200)}. Escape it as UTF-8.`,
    status: 400,
    retryable: false,
  });
}

/** @param parserCode - what Node's HTTP parser calls the fault */
export function httpUnreadable(parserCode: string): AppError {
  const status = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }[parserCode] ?? 400;
  return new AppError({
    code: 'SERVING_HTTP_UNREADABLE',
    message: `What was sent is no whole HTTP request (${parserCode}). Send it again with a common client.`,
    status,
    retryable: false,
  });
}

export function rateLimited(limit: number, retryAfterSeconds: number): AppError {
  return new AppError({
    code: 'SERVING_RATE_LIMITED',
    message: `More than ${limit} requests in a minute came from this address. Wait ${retryAfterSeconds} s.`,
    status: 429,
    retryable: true,
    details: { retryAfterSeconds },
  });
}

/** Refused before any work is done, so that those already inside are answered in time. */
export function overloaded(limit: number): AppError {
  return new AppError({
    code: 'SERVING_OVERLOADED',
    message: `${limit} requests of this kind are being answered already. Ask again in a second.`,
    status: 503,
    retryable: true,
    details: { retryAfterSeconds: 1 },
  });
}

/** What was asked for needs a key, and none came. */
export function keyMissing(): AppError {
  return new AppError({
    code: 'SERVING_KEY_MISSING',
    message:
      'This needs an API key. Make one with `npm run bellwether -- keys create --role operator --name NAME` and send it as Authorization: Bearer or x-api-key.',
    status: 401,
    retryable: false,
  });
}

/** Unknown and revoked are told alike: a guesser learns nothing. The audit log tells them apart. */
export function keyInvalid(): AppError {
  return new AppError({
    code: 'SERVING_KEY_INVALID',
    message: 'This API key opens nothing here. `npm run bellwether -- keys list` shows which do.',
    status: 401,
    retryable: false,
  });
}

export function roleInsufficient(held: string, needed: string): AppError {
  return new AppError({
    code: 'SERVING_ROLE_INSUFFICIENT',
    message: `This needs a key of role ${needed}; yours has the role ${held}. Use another key.`,
    status: 403,
    retryable: false,
  });
}

/** What cannot be put on record is not done. */
export function auditUnwritable(cause: unknown): AppError {
  return new AppError(
    {
      code: 'SERVING_AUDIT_UNWRITABLE',
      message:
        'The attempt could not be put on record, so nothing was done. Try again when the database answers.',
      status: 503,
      retryable: true,
    },
    { cause },
  );
}

export function keyNameTaken(name: string): AppError {
  return new AppError({
    code: 'SERVING_KEY_NAME_TAKEN',
    message: `A key named ${name} is in use. Choose another name, or revoke that key first.`,
    status: 409,
    retryable: false,
  });
}

/** @param id - as `keys list` shows it; a whole key is not repeated */
export function keyUnknown(id: string): AppError {
  return new AppError({
    code: 'SERVING_KEY_UNKNOWN',
    message: `There is no key with the id ${id.slice(0, 12)}. \`keys list\` shows which there are.`,
    status: 404,
    retryable: false,
  });
}

/** A model that is about to be deployed says what is no probability. */
export function probabilityInvalid(
  model: { arm: string; horizonMinutes: number; modelVersion: string },
  said: string,
): AppError {
  const { arm, horizonMinutes, modelVersion } = model;
  return new AppError({
    code: 'SERVING_PROBABILITY_INVALID',
    message: `${modelVersion} (${arm}, ${horizonMinutes} minutes) is refused: on the last windows it said ${said}, where a probability from 0 to 1 belongs. Retrain the family.`,
    status: 422,
    retryable: false,
    details: { arm, horizonMinutes, modelVersion },
  });
}

/** A deployment cannot be loaded for a reason that has no code of its own. */
export function modelsUnusable(revision: number, cause: unknown): AppError {
  return new AppError(
    {
      code: 'SERVING_MODELS_UNUSABLE',
      message: `Deployment ${revision} cannot be answered from: ${messageOf(cause)}. What was live before stays; retrain, or deploy another version.`,
      status: 422,
      retryable: false,
    },
    { cause },
  );
}

/** Models that have just been deployed fail at answering. */
export function modelsFailing(revision: number, reason: string): AppError {
  return new AppError({
    code: 'SERVING_MODELS_FAILING',
    message: `The models of deployment ${revision} failed soon after they were deployed: ${reason}. They are taken back; retrain, or deploy another version.`,
    status: 500,
    retryable: false,
  });
}

/** What a client sees of a fault inside; the log has the rest under the same request id. */
export function internalFault(cause: unknown): AppError {
  return new AppError(
    {
      code: 'SERVING_INTERNAL',
      message: 'The request failed inside. The log tells why under this request_id.',
      status: 500,
      retryable: false,
    },
    { cause },
  );
}
