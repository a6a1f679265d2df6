import { fileURLToPath } from 'node:url';
import type { ModuleMigrations } from '../core/index.ts';

/** The tables `model_versions`, `runs`, `gate_decisions`, `ablations`, `deployments`. */
export const registryMigrations: ModuleMigrations = {
  module: 'registry',
  folder: fileURLToPath(new URL('./migrations', import.meta.url)),
};
