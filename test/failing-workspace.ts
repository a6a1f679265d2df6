import type { Workspace } from '../src/core/index.ts';

/** A workspace whose connections fail at a statement: the `time`-th time that it comes, and every time after that. */
export function failingAt(workspace: Workspace, statement: string, time = 1): Workspace {
  const { pool } = workspace;
  let seen = 0;
  const isRefused = (text: string) => {
    if (!text.trim().toLowerCase().startsWith(statement)) return false;
    seen += 1;
    return seen >= time;
  };
  const connect = async () => {
    const client = await pool.connect();
    return new Proxy(client, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (name !== 'query') return typeof value === 'function' ? value.bind(target) : value;
        return (text: string, values?: unknown[]) =>
          isRefused(text) ? Promise.reject(new Error('the disk is full')) : target.query(text, values);
      },
    });
  };
  const failing = new Proxy(pool, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name === 'connect') return connect;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { ...workspace, pool: failing };
}
