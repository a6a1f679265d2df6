import type { Attempt, Authority, KeyHolder } from './auth.ts';

/** Keys of the tests: each is its holder's name; `revoked` was one once. */
export const FAKE_HOLDERS: readonly KeyHolder[] = [
  { id: 'a1', name: 'looker', role: 'viewer' },
  { id: 'a2', name: 'ops', role: 'operator' },
  { id: 'a3', name: 'boss', role: 'admin' },
];

/** An authority in memory, whose rows can be looked at. */
export interface FakeAuthority extends Authority {
  readonly rows: (Attempt & { changed: unknown })[];
}

export function createFakeAuthority(): FakeAuthority {
  const rows: FakeAuthority['rows'] = [];
  return {
    rows,
    identify(presented) {
      const holder = FAKE_HOLDERS.find(({ name }) => name === presented);
      if (holder !== undefined) return Promise.resolve({ status: 'known', holder });
      return presented === 'revoked'
        ? Promise.resolve({ status: 'revoked', keyId: 'a0' })
        : Promise.resolve({ status: 'unknown', keyId: null });
    },
    record(attempt) {
      rows.push({ ...attempt, changed: null });
      return Promise.resolve(rows.length - 1);
    },
    complete(id, end) {
      const row = rows[id];
      if (row === undefined) return Promise.reject(new RangeError(`no row ${id}`));
      rows[id] = { ...row, ...end };
      return Promise.resolve();
    },
  };
}
