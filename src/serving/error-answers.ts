import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { isAppError, messageOf, type AppError, type Log } from '../core/index.ts';
import { toErrorBody } from './contract.ts';
import {
  bodyTooLarge,
  bodyUnreadable,
  internalFault,
  mediaTypeUnsupported,
  requestInvalid,
  routeNotFound,
} from './errors.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Faults of this side that have a code are told as they are: only for those who hold a key. */
    tellsFaults?: boolean;
  }
}

const RETRY_AFTER_SECONDS = 5;
const COMPLAINTS_MAX = 5;
/** Where Fastify says the fault lay, in the words of somebody who writes a request. */
const PLACES: Record<string, string> = {
  querystring: 'query',
  body: 'body',
  params: 'path',
  headers: 'header',
};

/** One complaint of zod's, as the validator hands it over. */
interface Complaint {
  instancePath: string;
  keyword: string;
  message?: string;
  params: Record<string, unknown>;
}

/**
 * Answers anything that was thrown in the one shape of errors. Faults of this side are written to the log;
 * their text does not leave the house.
 */
export function createErrorAnswer(log: Log, bodyLimitBytes: number) {
  return (thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const error = toAppError(thrown, request, bodyLimitBytes);
    if (error.status >= 500) logFault(log, { thrown, error, request });
    return sendError(reply, request.id, error);
  };
}

/** The error for a path that nothing stands at. */
export function unknownRoute(request: FastifyRequest): AppError {
  return routeNotFound(request.method, request.url.split('?', 1)[0]?.slice(0, 200) ?? '');
}

/** Writes an error of the catalogue; a retryable one says when to come back. */
export function sendError(reply: FastifyReply, requestId: string, error: AppError): FastifyReply {
  if (error.retryable) {
    const seconds = error.details['retryAfterSeconds'];
    reply.header('retry-after', typeof seconds === 'number' ? seconds : RETRY_AFTER_SECONDS);
  }
  // Set by hand: a route whose answer is text would otherwise send this as text.
  return reply
    .code(error.status)
    .header('x-request-id', requestId)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(toErrorBody(error.code, error.message, requestId));
}

function toAppError(thrown: unknown, request: FastifyRequest, bodyLimitBytes: number): AppError {
  if (isAppError(thrown)) {
    const isHidden = thrown.status === 500 && request.routeOptions.config.tellsFaults !== true;
    return isHidden ? internalFault(thrown) : thrown;
  }
  if (hasZodFastifySchemaValidationErrors(thrown)) {
    const place = PLACES[thrown.validationContext ?? 'body'] ?? 'request';
    return requestInvalid(describeComplaints(thrown.validation as unknown as Complaint[], place));
  }
  const { statusCode } = (thrown ?? {}) as Partial<FastifyError>;
  if (statusCode === 413) return bodyTooLarge(bodyLimitBytes);
  if (statusCode === 415) return mediaTypeUnsupported(request.headers['content-type']?.slice(0, 100));
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    // A request without a body can only have been refused for its path, by what serves the page's files.
    if (request.method === 'GET' || request.method === 'HEAD') return unknownRoute(request);
    return bodyUnreadable(messageOf(thrown).slice(0, 200));
  }
  return internalFault(thrown);
}

function describeComplaints(complaints: readonly Complaint[], place: string): string[] {
  const all = complaints.map((complaint) => describe(complaint, place));
  if (all.length <= COMPLAINTS_MAX) return all;
  return [...all.slice(0, COMPLAINTS_MAX), `and ${all.length - COMPLAINTS_MAX} more`];
}

function describe(complaint: Complaint, place: string): string {
  const steps = complaint.instancePath.split('/').filter((step) => step !== '');
  const { keyword, params } = complaint;
  if (keyword === 'unrecognized_keys' && Array.isArray(params['keys'])) {
    const paths = params['keys'].map((key) => [place, ...steps, String(key).slice(0, 60)].join('.'));
    return `${paths.join(', ')}: not known here`;
  }
  const inner = keyword === 'invalid_union' ? innermost(params['errors']) : null;
  const path = [place, ...steps, ...(inner?.path ?? [])].join('.');
  return `${path}: ${inner?.message ?? complaint.message ?? 'not understood'}`;
}

interface Issue {
  path: PropertyKey[];
  code: string;
  message: string;
}

/** Of the branches of a union, the one that got the kind of value right says best what is wrong. */
function innermost(branches: unknown): { path: string[]; message: string } | null {
  if (!Array.isArray(branches)) return null;
  const isWrongKind = (issue: Issue) => issue.code === 'invalid_type' && issue.path.length === 0;
  const issue = (branches as Issue[][])
    .map((branch) => branch[0])
    .find((first) => first && !isWrongKind(first));
  return issue === undefined ? null : { path: issue.path.map(String), message: issue.message };
}

function logFault(log: Log, fault: { thrown: unknown; error: AppError; request: FastifyRequest }): void {
  const { thrown, error, request } = fault;
  const facts = {
    requestId: request.id,
    route: `${request.method} ${request.routeOptions.url ?? 'unmatched'}`,
    code: isAppError(thrown) ? thrown.code : error.code,
    reason: messageOf(thrown),
    stack: thrown instanceof Error ? thrown.stack : undefined,
  };
  if (error.retryable) log.debug(facts, 'request refused for now');
  else log.error(facts, 'request failed');
}
