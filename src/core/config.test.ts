import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { childEnvironment, readConfig, readProcessConfig, surveyVariables, VARIABLES } from './config.ts';
import { isAppError } from './errors.ts';

function complaintsAbout(environment: Record<string, string>): string[] {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    if (!isAppError(error)) throw error;
    expect(error.code).toBe('CONFIG_INVALID');
    return error.details['complaints'] as string[];
  }
}

describe('reading the configuration', () => {
  it('reads a range that is kept back, and refuses one that goes backwards', () => {
    const holdout = { from: Date.UTC(2024, 0, 1), to: Date.UTC(2024, 6, 1) };
    expect(readConfig({ BELLWETHER_HOLDOUT: '2024-01-01/2024-07-01' }).holdout).toEqual(holdout);
    expect(complaintsAbout({ BELLWETHER_HOLDOUT: '2024-07-01/2024-01-01' })).toEqual([
      'BELLWETHER_HOLDOUT=2024-07-01/2024-01-01: is two moments in UTC, the earlier first, such as 2024-01-01/2024-07-01',
    ]);
  });

  it('gives the documented defaults to an empty environment', () => {
    expect(readConfig({})).toEqual({
      dataDir: resolve('.bellwether'),
      databaseUrl: '',
      redisUrl: '',
      host: '127.0.0.1',
      port: 8080,
      logLevel: 'warn',
      asset: 'BTC-USD',
      liveBarMinutes: 15,
      graceSeconds: 60,
      answeringArm: 'trees+vader',
      retrainDays: 7,
      expiryDays: 182,
      neutralBand: 0.01,
      holdout: null,
      simulatorSeed: 1,
      simulatorStrength: 0.15,
      scorers: 'all',
      finbert: 'Xenova/finbert',
      cryptobert: 'ElKulako/cryptobert',
      hubEndpoint: 'https://huggingface.co',
      hubToken: '',
      isOffline: false,
      buildDashboard: 'on',
    });
  });

  it('takes what is set, and makes the data folder absolute', () => {
    const config = readConfig({
      PORT: '9000',
      BELLWETHER_DATA_DIR: 'here/there',
      DATABASE_URL: 'postgresql://me@db/x',
    });
    expect(config.port).toBe(9000);
    expect(config.databaseUrl).toBe('postgresql://me@db/x');
    expect(isAbsolute(config.dataDir)).toBe(true);
    expect(config.dataDir.endsWith('here/there')).toBe(true);
  });

  it('takes an empty variable for an unset one', () => {
    const empty = Object.fromEntries(VARIABLES.map(({ name }) => [name, '']));
    expect(readConfig(empty)).toEqual(readConfig({}));
  });

  it('accepts every port there is and no other number', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 65_535 }), (port) => {
        expect(readConfig({ PORT: String(port) }).port).toBe(port);
      }),
      { numRuns: 50, seed: 1 },
    );
    for (const port of ['-1', '65536', '80.5', 'http', 'NaN'])
      expect(complaintsAbout({ PORT: port })).toHaveLength(1);
  });

  it.each([
    ['DATABASE_URL', 'mysql://db'],
    ['REDIS_URL', 'localhost:6379'],
    ['LOG_LEVEL', 'loud'],
    ['BELLWETHER_ASSET', 'bitcoin'],
    ['BELLWETHER_BAR_MINUTES', '7'],
    ['BELLWETHER_GRACE_SECONDS', '4'],
    ['BELLWETHER_NEUTRAL_BAND', '0.5'],
    ['BELLWETHER_SIMULATOR_SEED', '1.5'],
    ['BELLWETHER_SIMULATOR_STRENGTH', '-0.1'],
    ['BELLWETHER_DASHBOARD', 'yes'],
  ])('refuses %s=%s and says so with name and value', (name, value) => {
    const [complaint] = complaintsAbout({ [name]: value });
    expect(complaint).toContain(`${name}=${value}`);
  });

  it('names all faults at once, so that they need not be found one by one', () => {
    expect(complaintsAbout({ PORT: 'x', LOG_LEVEL: 'x', HOST: 'fine' })).toHaveLength(2);
  });

  it('describes every variable with a unit and a reason', () => {
    expect(VARIABLES.length).toBeGreaterThan(10);
    for (const { name, unit, reason } of VARIABLES) {
      expect(name).toMatch(/^[A-Z_]+$/);
      expect(unit).not.toBe('');
      expect(reason).toMatch(/\.$/);
    }
  });

  it("reads the process's own environment", () => {
    expect(readProcessConfig()).toEqual(readConfig(childEnvironment({})));
  });

  it('fills in from .env in the working folder what the environment leaves open, and nothing else', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bellwether-env-'));
    writeFileSync(join(folder, '.env'), 'BELLWETHER_GRACE_SECONDS=77\nPORT=4000\n');
    const module = JSON.stringify(new URL('./config.ts', import.meta.url).href);
    const program = `const { readProcessConfig: read } = await import(${module}); console.log(JSON.stringify(read()));`;
    const told = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: folder,
      env: { ...childEnvironment({ PORT: '5000' }), BELLWETHER_GRACE_SECONDS: undefined },
      encoding: 'utf8',
    });
    rmSync(folder, { recursive: true });
    expect(JSON.parse(told)).toMatchObject({ graceSeconds: 77, port: 5000 });
  });
});

describe('surveying the environment', () => {
  it('tells what is set from what only looks like ours', () => {
    const survey = surveyVariables({ PORT: '1', BELLWETHER_PROT: '2', BELLWETHER_TEST_FULL: '1', HOME: '/' });
    expect(survey).toEqual({ set: ['PORT'], stray: ['BELLWETHER_PROT'] });
  });

  it('takes an empty variable for an unset one', () => {
    expect(surveyVariables({ PORT: '' })).toEqual({ set: [], stray: [] });
  });

  it("looks at the process's own by default", () => {
    expect(surveyVariables()).toEqual(surveyVariables(childEnvironment({})));
  });
});

describe("a child's environment", () => {
  it('is ours with some variables set over it', () => {
    const environment = childEnvironment({ BELLWETHER_ASSET: 'ETH-USD' });
    expect(environment['BELLWETHER_ASSET']).toBe('ETH-USD');
    expect(environment['PATH']).toBe(process.env['PATH']);
  });
});
