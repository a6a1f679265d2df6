import type { onRequestHookHandler } from 'fastify';
import { overloaded } from './errors.ts';

/** Counts those inside and lets no more in than its limit. */
export interface Gate {
  readonly limit: number;
  /** @returns false when it is full; then `leave` must not be called */
  tryEnter(): boolean;
  leave(): void;
}

/** What a route hangs up to be counted by a gate. */
export interface GuardHooks {
  onRequest: onRequestHookHandler;
}

/** @throws RangeError when the limit is not a positive integer */
export function createGate(limit: number): Gate {
  if (!Number.isInteger(limit) || limit < 1)
    throw new RangeError(`a gate lets at least one in, got ${limit}`);
  let inside = 0;
  return {
    limit,
    tryEnter() {
      if (inside >= limit) return false;
      inside += 1;
      return true;
    },
    leave() {
      inside -= 1;
    },
  };
}

/**
 * A hook that refuses with 503 what does not get through the gate.
 * @param exemptRoutes - always let through and not counted
 */
export function gateHook(gate: Gate, exemptRoutes: ReadonlySet<string> = new Set()): onRequestHookHandler {
  return (request, reply, done) => {
    if (exemptRoutes.size > 0 && exemptRoutes.has(request.routeOptions.url ?? '')) {
      done();
      return;
    }
    if (!gate.tryEnter()) {
      done(overloaded(gate.limit));
      return;
    }
    // Not `onResponse`: it does not come when the client hangs up first, and its place would be lost for good.
    // It is emitted once; to hear it with `once` would cost a wrapper and an unhooking at every request.
    reply.raw.on('close', gate.leave);
    done();
  };
}
