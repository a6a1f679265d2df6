#!/usr/bin/env node
// Plain JavaScript on purpose: an old Node must be able to read it far enough to say what it needs.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const pinned = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
const [major, minor] = process.versions.node.split('.').map(Number);
const isNewEnough = major > 22 || (major === 22 && minor >= 18);

if (!existsSync(pinned) && !isNewEnough) {
  console.error(
    `Bellwether needs Node 22.18 or newer, this is ${process.versions.node}. ` +
      `Run "npm ci" in ${root} (it brings its own Node 24) or install a newer one.`,
  );
  process.exit(1);
}

const result = spawnSync(
  existsSync(pinned) ? pinned : process.execPath,
  ['--disable-warning=ExperimentalWarning', join(root, 'src', 'cli.ts'), ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
process.exit(result.status ?? 1);
