import type {
  FastifyReply,
  FastifyRequest,
  onSendAsyncHookHandler,
  preParsingAsyncHookHandler,
} from 'fastify';
import { messageOf } from '../core/index.ts';
import { includesRole, type Attempt, type KeyHolder } from './auth.ts';
import type { ServingContext } from './context.ts';
import { auditUnwritable, keyInvalid, keyMissing, roleInsufficient } from './errors.ts';
import type { KeyRole } from './tables.ts';

/** The two ways to present a key, as the OpenAPI document names them. */
export const KEY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', description: 'Authorization: Bearer bw_…' },
  apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
} as const;

const BEARER = /^bearer +(\S+)$/i;

/** What stands before a route that needs a key. */
export interface Admission {
  /**
   * For the route: lets in whom it should, before a body is read, and ends the audit row before the answer is sent. Not
   * `onRequest`: the bound on requests, which also bounds guessing, is hung there behind the route's own hooks.
   */
  hooks: { preParsing: preParsingAsyncHookHandler; onSend: onSendAsyncHookHandler };
  /** Who was let in. */
  holderOf(request: FastifyRequest): KeyHolder;
  /** What the action changed, for the audit row. */
  note(request: FastifyRequest, changed: unknown): void;
}

/** An action that was allowed and is under way. */
interface Entry {
  holder: KeyHolder;
  auditId: number;
  changed: unknown;
}

/** Admits holders of a role, and writes one audit row an attempt, be it allowed or not. Without a row nothing is done. */
export function createAdmission({ ports, log }: ServingContext, needed: KeyRole): Admission {
  const { authority } = ports;
  const inside = new WeakMap<FastifyRequest, Entry>();

  async function record(request: FastifyRequest, found: Pick<Attempt, 'actor' | 'keyId' | 'outcome'>) {
    const route = `${request.method} ${request.routeOptions.url ?? ''}`;
    try {
      return await authority.record({ ...found, route, ip: request.ip, requestId: request.id });
    } catch (error) {
      log.error({ reason: messageOf(error), requestId: request.id }, 'the audit row could not be written');
      throw auditUnwritable(error);
    }
  }

  async function admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const presented = presentedKey(request);
    if (presented === null) {
      await record(request, { actor: null, keyId: null, outcome: 'no-key' });
      reply.header('www-authenticate', 'Bearer');
      throw keyMissing();
    }
    const identity = await authority.identify(presented);
    if (identity.status !== 'known') {
      await record(request, { actor: null, keyId: identity.keyId, outcome: `${identity.status}-key` });
      reply.header('www-authenticate', 'Bearer error="invalid_token"');
      throw keyInvalid();
    }
    const { holder } = identity;
    const who = { actor: holder.name, keyId: holder.id };
    if (!includesRole(holder.role, needed)) {
      await record(request, { ...who, outcome: 'wrong-role' });
      throw roleInsufficient(holder.role, needed);
    }
    const auditId = await record(request, { ...who, outcome: 'started' });
    inside.set(request, { holder, auditId, changed: null });
  }

  return {
    hooks: {
      async preParsing(request, reply, payload) {
        await admit(request, reply);
        return payload;
      },
      async onSend(request, reply, payload) {
        const entry = inside.get(request);
        if (entry === undefined) return payload;
        inside.delete(request);
        const isDone = reply.statusCode < 400;
        const changed = isDone ? entry.changed : { status: reply.statusCode, code: codeIn(payload) };
        try {
          await authority.complete(entry.auditId, { outcome: isDone ? 'done' : 'failed', changed });
        } catch (error) {
          // What was done stands in the ledger; the row stays `started` and names the attempt.
          log.error({ reason: messageOf(error), requestId: request.id }, 'the audit row could not be ended');
        }
        return payload;
      },
    },
    holderOf(request) {
      const entry = inside.get(request);
      if (entry === undefined) throw new TypeError('nobody was admitted to this request');
      return entry.holder;
    },
    note(request, changed) {
      const entry = inside.get(request);
      if (entry !== undefined) entry.changed = changed;
    },
  };
}

function presentedKey({ headers }: FastifyRequest): string | null {
  const bearer = BEARER.exec(headers.authorization ?? '')?.[1];
  const given = bearer ?? headers['x-api-key'];
  return typeof given === 'string' && given !== '' ? given : null;
}

/** The code of an error that is being sent. */
function codeIn(payload: unknown): string | null {
  return typeof payload === 'string' ? (/"code":"([A-Z0-9_]+)"/.exec(payload)?.[1] ?? null) : null;
}
