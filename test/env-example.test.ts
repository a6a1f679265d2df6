import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig, VARIABLES } from '../src/core/index.ts';

const FILE = join(resolve(import.meta.dirname, '..'), '.env.example');
const WIDTH = 110;

const HEAD = `# Settings of Bellwether, all optional: each line shows the default. This file is made from src/core/config.ts;
# \`npm test -- test/env-example.test.ts -u\` writes it anew.
#
# To use it: copy it to .env and remove the # before what you change. Every command reads .env in the folder it is
# started in; what the environment sets itself goes before it.
`;

/** What .env.example has to say. */
const expected = [
  HEAD,
  ...VARIABLES.map(({ name, unit, fallback, reason }) =>
    [`# ${name}: ${unit}`, ...wrap(reason), `# ${name}=${fallback}`, ''].join('\n'),
  ),
].join('\n');

describe('.env.example', () => {
  it('shows every variable with unit, reason and default, as the configuration has them', async () => {
    await expect(expected).toMatchFileSnapshot(FILE);
  });

  it('changes nothing when every line is taken as it stands', () => {
    const lines = readFileSync(FILE, 'utf8').matchAll(/^# ([A-Z_]+)=(.*)$/gm);
    const environment = Object.fromEntries([...lines].map(([, name, value]) => [name, value]));
    expect(Object.keys(environment)).toHaveLength(VARIABLES.length);
    expect(readConfig(environment)).toEqual(readConfig({}));
  });
});

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + word.length < WIDTH) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(`# ${word}`);
  }
  return lines;
}
