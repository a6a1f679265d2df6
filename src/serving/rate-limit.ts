import { isIPv6 } from 'node:net';
import type { onRequestHookHandler } from 'fastify';
import { rateLimited } from './errors.ts';

const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;
/** Addresses remembered at a time; a flood of them pushes out those whose minute began first. */
const ADDRESSES_MAX = 5_000;
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const IPV6_GROUPS = 8;
/** What one customer is given: within it every request could come from another address. */
const NETWORK_GROUPS = 4;

/** The minute of an address, from its first request on. */
interface Minute {
  beganAt: number;
  requests: number;
}

/**
 * Bounds the requests of an address in a minute, and tells each answer how many are left. Done here because
 * @fastify/rate-limit asks its store by promises, which costs a tenth of the time that an answer from memory takes.
 * @param options.maxFor - requests a minute, by address
 * @param options.stopwatch - milliseconds, never going back
 */
export function rateLimitHook(options: {
  maxFor: (ip: string) => number;
  stopwatch: () => number;
}): onRequestHookHandler {
  const { maxFor, stopwatch } = options;
  const minutes = new Map<string, Minute>();

  function minuteOf(key: string, now: number): Minute {
    const known = minutes.get(key);
    if (known !== undefined && now < known.beganAt + MINUTE_MS) return known;
    // Behind all others again: the map is in the order in which minutes began.
    minutes.delete(key);
    const [oldest] = minutes.size < ADDRESSES_MAX ? [] : minutes.keys();
    if (oldest !== undefined) minutes.delete(oldest);
    const minute = { beganAt: now, requests: 0 };
    minutes.set(key, minute);
    return minute;
  }

  return (request, reply, done) => {
    const { ip } = request;
    const max = maxFor(ip);
    const now = stopwatch();
    const minute = minuteOf(addressKey(ip), now);
    minute.requests += 1;
    const seconds = Math.max(1, Math.ceil((minute.beganAt + MINUTE_MS - now) / SECOND_MS));
    reply
      .header('x-ratelimit-limit', max)
      .header('x-ratelimit-remaining', Math.max(0, max - minute.requests))
      .header('x-ratelimit-reset', seconds);
    if (minute.requests > max) done(rateLimited(max, seconds));
    else done();
  };
}

/** What is counted as one: an IPv4 address, however it is written, or an IPv6 network of 64 bits. */
export function addressKey(ip: string): string {
  if (!ip.includes(':')) return ip;
  const mapped = MAPPED_IPV4.exec(ip)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(ip)) return ip;
  const [head = '', tail] = ip.split('::') as [string?, string?];
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const left = Math.max(0, IPV6_GROUPS - before.length - after.length);
  const groups = [...before, ...new Array<string>(tail === undefined ? 0 : left).fill('0'), ...after];
  return groups
    .slice(0, NETWORK_GROUPS)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
