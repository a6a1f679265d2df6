import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NextConfig } from 'next';

// Set here too, so that a build by hand is as silent as the one that `start` makes.
process.env.NEXT_TELEMETRY_DISABLED = '1';

const repository = dirname(dirname(fileURLToPath(import.meta.url)));

const config: NextConfig = {
  // A folder of files that the API serves itself: one origin, one process, nothing rendered per request.
  output: 'export',
  reactStrictMode: true,
  poweredByHeader: false,
  images: { unoptimized: true },
  // Named, because a lockfile in a folder above the clone would otherwise move it.
  turbopack: { root: repository },
  // The build runs beside the API on small machines.
  experimental: { cpus: 1 },
};

export default config;
