import { defineConfig } from 'vitest/config';

// A vitest started by itself takes whatever Node comes first in PATH; npm's scripts take the pinned one.
if (Number(process.versions.node.split('.')[0]) < 22) {
  throw new Error(
    `Node ${process.versions.node} is too old. Use npm test, or put the pinned Node first: PATH="$PWD/node_modules/.bin:$PATH" vitest run`,
  );
}

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts', 'dashboard/lib/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    // Set, if to nothing: else a developer's own .env would lead the programs that tests start to real data.
    env: { DATABASE_URL: '', REDIS_URL: '' },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Tests keep no state in modules; loading the program anew for each of 110 files would take half the time.
    isolate: false,
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/**/*.test.ts', 'src/**/*.contract.ts', 'src/cli.ts', 'src/server.ts'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { lines: 90 },
    },
  },
});
