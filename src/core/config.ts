import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { AppError } from './errors.ts';
import { parseHoldout, type Holdout } from './holdout.ts';
import { LOG_LEVELS } from './log.ts';

/** One environment variable: what it is measured in, what it is when nobody sets it, and why that. */
export interface Variable {
  name: string;
  unit: string;
  fallback: string;
  reason: string;
}

const integer = (low: number, high: number) => z.coerce.number().int().min(low).max(high);
const postgresUrl = z.string().regex(/^postgres(ql)?:\/\//, 'must start with postgres://');
const redisUrl = z.string().regex(/^rediss?:\/\//, 'must start with redis:// or rediss://');

const modelSource = z
  .string()
  .regex(
    /^(off|[./~].*|[A-Za-z]:[\\/].*|[\w.-]+\/[\w.-]+(@[\w./-]+)?)$/,
    'is a folder, owner/name[@revision] of the hub, or off',
  );

const ENTRIES = {
  dataDir: {
    name: 'BELLWETHER_DATA_DIR',
    unit: 'path',
    fallback: '.bellwether',
    reason: 'Everything local lives in this one folder; beside the code it is easy to find and to delete.',
    schema: z.string().min(1),
  },
  databaseUrl: {
    name: 'DATABASE_URL',
    unit: 'postgres:// URL',
    fallback: '',
    reason:
      'Empty: a real Postgres is started from an npm package, so that nothing has to be installed. A pooler in transaction mode will not do: give the direct URL.',
    schema: postgresUrl.or(z.literal('')),
  },
  redisUrl: {
    name: 'REDIS_URL',
    unit: 'redis:// URL',
    fallback: '',
    reason: 'Empty: the cache lives in the process, which is enough for one process.',
    schema: redisUrl.or(z.literal('')),
  },
  host: {
    name: 'HOST',
    unit: 'address',
    fallback: '127.0.0.1',
    reason: 'Only this machine can reach the API until somebody decides otherwise.',
    schema: z.string().min(1),
  },
  port: {
    name: 'PORT',
    unit: 'TCP port',
    fallback: '8080',
    reason: 'Free on most machines; `--port` goes before it.',
    schema: integer(0, 65_535),
  },
  logLevel: {
    name: 'LOG_LEVEL',
    unit: LOG_LEVELS.join(' | '),
    fallback: 'warn',
    reason: 'The terminal shows progress; the log speaks only when something needs a look.',
    schema: z.enum(LOG_LEVELS),
  },
  asset: {
    name: 'BELLWETHER_ASSET',
    unit: 'asset pair',
    fallback: 'BTC-USD',
    reason: 'The one asset that is measured today; everything is keyed by it.',
    schema: z.string().regex(/^[A-Z0-9]+-[A-Z0-9]+$/, 'looks like BTC-USD'),
  },
  liveBarMinutes: {
    name: 'BELLWETHER_BAR_MINUTES',
    unit: 'minutes',
    fallback: '15',
    reason: 'One window every quarter of an hour in live operation; history brings its own bar.',
    schema: z.coerce
      .number()
      .refine((bar) => [1, 5, 15, 30, 60].includes(bar), 'must be one of 1, 5, 15, 30, 60'),
  },
  graceSeconds: {
    name: 'BELLWETHER_GRACE_SECONDS',
    unit: 'seconds',
    fallback: '60',
    reason: 'A window is decided this long after its close, so that its own candle has arrived.',
    schema: integer(5, 600),
  },
  answeringArm: {
    name: 'BELLWETHER_ARM',
    unit: 'arm',
    fallback: 'trees+vader',
    reason:
      'The arm that answers at first; from then on the gate decides, and every change of it stands in the deployment ledger.',
    schema: z.string().min(1),
  },
  retrainDays: {
    name: 'BELLWETHER_RETRAIN_DAYS',
    unit: 'days',
    fallback: '7',
    reason:
      'Models are trained anew this often, counted from a Monday 00:00 UTC; a week brings enough that is new.',
    schema: integer(1, 364),
  },
  expiryDays: {
    name: 'BELLWETHER_MODEL_EXPIRY_DAYS',
    unit: 'days',
    fallback: '182',
    reason:
      'After half a year without a successor a model answers degraded, and its successor only has to be not worse. What was made while the past was too short to judge it expires on the next Monday.',
    schema: integer(1, 3_650),
  },
  neutralBand: {
    name: 'BELLWETHER_NEUTRAL_BAND',
    unit: 'probability',
    fallback: '0.01',
    reason: 'P(up) within 0.5 ± this is called neutral: hourly skill is 1 to 4 points, so less is noise.',
    schema: z.coerce.number().min(0).max(0.49),
  },
  holdout: {
    name: 'BELLWETHER_HOLDOUT',
    unit: 'FROM/TO in UTC',
    fallback: '',
    reason:
      'A range of time that is kept back, such as 2024-01-01/2024-07-01: nothing is trained on its labels or judged by them, but by `holdout open`, once a model version. Empty: nothing is kept back.',
    schema: z.string().transform((text, context): Holdout | null => {
      const range = parseHoldout(text);
      if (range === null && text !== '') {
        const message = 'is two moments in UTC, the earlier first, such as 2024-01-01/2024-07-01';
        context.addIssue({ code: 'custom', message });
      }
      return range;
    }),
  },
  simulatorSeed: {
    name: 'BELLWETHER_SIMULATOR_SEED',
    unit: 'integer',
    fallback: '1',
    reason: 'The simulated market of `npm start` is the same for everybody.',
    schema: integer(-2_147_483_648, 2_147_483_647),
  },
  simulatorStrength: {
    name: 'BELLWETHER_SIMULATOR_STRENGTH',
    unit: 'standard deviations of the next bar',
    fallback: '0.15',
    reason: 'How far the simulated sentiment moves the next bar; 0 is pure noise.',
    schema: z.coerce.number().min(0).max(3),
  },
  scorers: {
    name: 'BELLWETHER_SCORERS',
    unit: 'all | families, separated by commas',
    fallback: 'all',
    reason:
      'Families whose sentiment is folded into features and gets price models of its own, as far as they are there; VADER always is.',
    schema: z
      .string()
      .regex(
        /^(all|(vader|linear|finbert|cryptobert|ensemble)(,(vader|linear|finbert|cryptobert|ensemble))*)$/,
        {
          message: 'is all, or some of vader, linear, finbert, cryptobert, ensemble, such as vader,linear',
        },
      ),
  },
  finbert: {
    name: 'BELLWETHER_FINBERT',
    unit: 'owner/name[@revision] | folder | off',
    fallback: 'Xenova/finbert',
    reason:
      'Where FinBERT comes from: a repository of the hub, fetched when it is first asked for, or a folder with model.onnx or model.safetensors, config.json and tokenizer.json.',
    schema: modelSource,
  },
  cryptobert: {
    name: 'BELLWETHER_CRYPTOBERT',
    unit: 'owner/name[@revision] | folder | off',
    fallback: 'ElKulako/cryptobert',
    reason: 'The same for CryptoBERT.',
    schema: modelSource,
  },
  hubEndpoint: {
    name: 'BELLWETHER_HUB',
    unit: 'URL',
    fallback: 'https://huggingface.co',
    reason: 'The hub that models are fetched from; a mirror that speaks as it does is as good.',
    schema: z.url({ protocol: /^https?$/ }),
  },
  hubToken: {
    name: 'BELLWETHER_HUB_TOKEN',
    unit: 'token',
    fallback: '',
    reason: 'For repositories that ask for one; sent to the hub alone.',
    schema: z.string(),
  },
  isOffline: {
    name: 'BELLWETHER_OFFLINE',
    unit: 'on | off',
    fallback: 'off',
    reason: 'On: nothing is fetched; models that are here whole are used.',
    schema: z.enum(['on', 'off']).transform((given) => given === 'on'),
  },
  buildDashboard: {
    name: 'BELLWETHER_DASHBOARD',
    unit: 'on | off',
    fallback: 'on',
    reason: 'The page is built in the background when its sources changed; off keeps small machines free.',
    schema: z.enum(['on', 'off']),
  },
} as const;

type Entries = typeof ENTRIES;

/** The settings that the environment decides, parsed and with defaults filled in. */
export type Config = { [Key in keyof Entries]: z.infer<Entries[Key]['schema']> };

/** Every variable with unit, default and reason, as `.env.example` and the docs show them. */
export const VARIABLES: readonly Variable[] = Object.values(ENTRIES).map(
  ({ name, unit, fallback, reason }) => ({ name, unit, fallback, reason }),
);

/**
 * Reads the settings from an environment. A variable that is unset or empty takes its default.
 * @param environment - usually the process's own
 * @returns the settings; `dataDir` is absolute
 * @throws AppError `CONFIG_INVALID` naming every variable that cannot be read, its value and what would do
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const complaints: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(ENTRIES)) {
    const given = environment[entry.name];
    const text = given === undefined || given === '' ? entry.fallback : given;
    const parsed = entry.schema.safeParse(text);
    if (parsed.success) values[key] = parsed.data;
    else complaints.push(`${entry.name}=${text}: ${parsed.error.issues[0]?.message ?? 'not understood'}`);
  }
  if (complaints.length > 0) throw configInvalid(complaints);
  const config = values as Config;
  return { ...config, dataDir: resolve(config.dataDir) };
}

/** The settings of this process; a file `.env` in its working folder fills in what the environment leaves open. */
export function readProcessConfig(): Config {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return readConfig(process.env);
}

/** Variables that belong to the tests. */
const TEST_PREFIX = 'BELLWETHER_TEST_';

/**
 * Which variables are set, and which only look like ours: a typing error, most likely, which would pass unnoticed.
 * @param environment - the process's own by default
 */
export function surveyVariables(environment: Record<string, string | undefined> = process.env): {
  set: string[];
  stray: string[];
} {
  const known = VARIABLES.map(({ name }) => name);
  return {
    set: known.filter((name) => (environment[name] ?? '') !== ''),
    stray: Object.keys(environment).filter(
      (name) => name.startsWith('BELLWETHER_') && !name.startsWith(TEST_PREFIX) && !known.includes(name),
    ),
  };
}

function configInvalid(complaints: string[]): AppError {
  return new AppError({
    code: 'CONFIG_INVALID',
    message: `The environment holds settings that cannot be used: ${complaints.join('; ')}. Correct or unset them (.env.example lists all).`,
    status: 500,
    retryable: false,
    details: { complaints },
  });
}

/** This process's environment with some variables set, for a process that it starts. */
export function childEnvironment(extra: Record<string, string>): Record<string, string | undefined> {
  return { ...process.env, ...extra };
}

/** Names under which systems keep their proxies; the lower-case ones go first where both are set. */
const PROXY_VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((name) => [
  name,
  name.toLowerCase(),
]);

/** The proxies that an environment names, the process's own by default, as `createHttp` takes them. */
export function proxyEnvironment(
  environment: Record<string, string | undefined> = process.env,
): Record<string, string | undefined> {
  return Object.fromEntries(
    PROXY_VARIABLES.map((name) => [name, environment[name]]).filter(([, value]) => (value ?? '') !== ''),
  ) as Record<string, string | undefined>;
}
