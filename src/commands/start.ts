import { join } from 'node:path';
import { createModels, openStorage, PROJECT_DIR, type Models } from '../compose.ts';
import { createWorkspaceModels, openInstalledScorers } from '../compose-scorers.ts';
import {
  acquireProcessLock,
  createLog,
  createRealClock,
  createVirtualClock,
  isoUtc,
  messageOf,
  type Config,
  type Log,
} from '../core/index.ts';
import type { Operation } from '../operation.ts';
import { wantedLanes, type OpenScorers } from '../scorers.ts';
import { scorerName } from '../sentiment/index.ts';
import { createFitPool } from '../models/index.ts';
import { createPorts } from '../ports.ts';
import { HORIZONS_MINUTES } from '../prediction/index.ts';
import { createApp } from '../serving/index.ts';
import { VERSION } from '../version.ts';
import { amount } from './amount.ts';
import { createDashboardBuild, type DashboardBuild } from './dashboard-build.ts';
import { portUnusable } from './errors.ts';
import { tellHindsight } from './hindsight.ts';
import { keepStorage } from './keep-storage.ts';
import { learningSettings } from './learning-settings.ts';
import { catchUp, goOn } from './operate.ts';
import type { CommandContext, ExitCode } from './program.ts';
import { planStart, type StartOptions, type StartPlan } from './start-plan.ts';
import type { Terminal } from './terminal.ts';

/** Answers must not wait for fits: they get a thread of their own, and leave the other core of a small machine free. */
const FIT_THREADS = 1;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** `start`: Postgres, windows, API and page in one process, until it is told to stop. */
export async function start(
  options: StartOptions & { json?: boolean },
  { config, terminal }: CommandContext,
): Promise<ExitCode> {
  const log = createLog(config.logLevel);
  const lock = await acquireProcessLock(join(config.dataDir, 'start.lock'), {
    port: null,
    startedAt: createRealClock().now(),
  });
  const stop = stopOnSignal(terminal);
  const ending: (() => Promise<void> | void)[] = [stop.forget, () => lock.release()];
  try {
    const { scorers } = await openInstalledScorers(config, {
      log,
      onProgress: (family, phrase) => {
        terminal.count(`opening ${family}`, phrase);
      },
      signal: stop.signal,
    });
    ending.push(() => scorers.close());
    if (stop.signal.aborted) return 0;
    const lanes = await scorers.lanes({ read: [], isWanted: wantedLanes(config) });
    const plan = await planStart(options, config, { scorers: lanes.further.map(scorerName) });
    const models = createModels(plan.barMinutes, lanes);
    const operation = createOperation(plan, config, { log, scorers, models });
    terminal.say(`Bellwether ${VERSION} on ${plan.title}`);
    tellHindsight(terminal, { scorers: models.scorers, from: -Infinity });
    // Whichever storage stands at the end: a lost one is replaced by another.
    ending.push(() => operation.storage?.close());
    ending.push(() => operation.pool.close());
    const page = createDashboardBuild({
      root: PROJECT_DIR,
      logFile: join(config.dataDir, 'dashboard-build.log'),
      isWanted: config.buildDashboard === 'on',
      log,
    });
    ending.push(() => {
      page.stop();
    });
    const { url, port, close } = await listen({
      operation,
      page,
      config,
      log,
      port: options.port ?? config.port,
    });
    ending.push(close);
    await lock.update({ port, url, mode: plan.mode, workspace: plan.workspaceName });
    terminal.say(`  page and API at ${url}, documentation at ${url}/docs`);
    await operate({ operation, plan, page, log, terminal, url, ending, signal: stop.signal }).catch(
      (error: unknown) => {
        // Work that was told to stop breaks off where it stands.
        if (!stop.signal.aborted || error !== stop.signal.reason) throw error;
      },
    );
  } finally {
    // Last in, first out; one part that fails to end must not keep the others from ending.
    for (const end of ending.toReversed()) {
      try {
        await end();
      } catch (error) {
        log.error({ reason: messageOf(error) }, 'a part did not end cleanly');
      }
    }
  }
  terminal.say('Stopped; everything that was decided is kept.');
  return 0;
}

async function operate(parts: {
  operation: Operation;
  plan: StartPlan;
  page: DashboardBuild;
  log: Log;
  terminal: Terminal;
  url: string;
  ending: (() => Promise<void> | void)[];
  signal: AbortSignal;
}): Promise<void> {
  const { operation, plan, page, log, terminal, url, ending, signal } = parts;
  const tell = (phrase: string, share: number) => {
    operation.progress = { phrase, share };
  };
  signal.throwIfAborted();
  tell('starting the database', 0);
  const storage = await openStorage({
    config: operation.config,
    workspaceName: plan.workspaceName,
    log,
    onProgress: (phrase) => {
      terminal.say(`  ${phrase}`);
      tell(phrase, 0);
    },
  });
  operation.storage = storage;
  operation.models = await createWorkspaceModels(storage.workspace, operation);
  signal.throwIfAborted();
  tell('bringing the records in', 0.05);
  const schedule = await plan.prepare(storage, terminal, signal);
  const keeper = keepStorage({ operation, log, signal });
  const work = { operation, plan, schedule, keeper, log, signal, terminal };
  await catchUp(work);
  if (signal.aborted) return;
  operation.progress = null;
  const running = await goOn(work);
  ending.push(() => running.stop());
  terminal.say(readyLines(operation, plan, url).join('\n'));
  page.begin();
  await running.ended;
}

/** An operation of which nothing stands yet. */
export function createOperation(
  plan: StartPlan,
  config: Config,
  { log, scorers, models }: { log: Log; scorers: OpenScorers; models: Models },
): Operation {
  const settings = learningSettings(config, models);
  // A history that is being prepared does not stand at today's date.
  const { beginsAt } = plan;
  const isPast = beginsAt !== undefined;
  return {
    config,
    mode: plan.mode,
    isSimulated: plan.isSimulated,
    barMinutes: plan.barMinutes,
    models,
    scorers,
    workspaceName: plan.workspaceName,
    settings,
    pool: createFitPool({ threads: FIT_THREADS }),
    log,
    clock: isPast ? createVirtualClock(beginsAt) : createRealClock(),
    pace: { state: isPast ? 'standing' : 'running', windowsPerSecond: null },
    storage: null,
    run: null,
    lastWindow: null,
    present: null,
    router: null,
    windows: 0,
    predictions: 0,
    progress: { phrase: 'starting', share: 0 },
    failure: null,
  };
}

async function listen(parts: {
  operation: Operation;
  page: DashboardBuild;
  config: Config;
  log: Log;
  port: number;
}): Promise<{ url: string; port: number; close: () => Promise<void> }> {
  const { operation, page, config, log, port } = parts;
  const app = await createApp({
    ports: createPorts(operation, () => page.view()),
    options: {
      version: VERSION,
      assets: [config.asset],
      horizonsMinutes: HORIZONS_MINUTES,
      featuresCount: operation.models.featureSet.names.length,
      dashboardDir: join(PROJECT_DIR, 'dashboard', 'out'),
    },
    log,
  });
  try {
    await app.listen({ port, host: config.host });
  } catch (error) {
    await app.close();
    throw portUnusable({ port, host: config.host, cause: error });
  }
  const address = app.addresses()[0];
  const taken = typeof address === 'object' ? address.port : port;
  const host = ['127.0.0.1', '::1', '0.0.0.0', '::'].includes(config.host) ? 'localhost' : config.host;
  return { url: `http://${host}:${taken}`, port: taken, close: () => app.close() };
}

function readyLines(operation: Operation, plan: StartPlan, url: string): string[] {
  const { lastWindow, pace, windows, predictions } = operation;
  const clock = {
    running: `a window every ${plan.barMinutes} minutes from now on`,
    playing: `playing ${amount(pace.windowsPerSecond ?? 0, 'window')} a second`,
    standing: 'the clock stands at the end of the history',
  }[pace.state];
  return [
    `Ready: ${amount(windows, 'window')} and ${amount(predictions, 'prediction')} up to ${lastWindow === null ? 'nowhere yet' : isoUtc(lastWindow)}; ${clock}.`,
    ...(plan.isSimulated ? ['  SIMULATED: prices, headlines and posts are invented.'] : []),
    `  curl '${url}/signal?horizon_minutes=60'`,
    `  open ${url} (Ctrl-C stops)`,
  ];
}

/** npm hands a Ctrl-C on to its child, which the terminal has told already: within this time both are one. */
const ONE_CTRL_C_MS = 1_000;

/** The first Ctrl-C ends in order, the second at once. */
function stopOnSignal(terminal: Terminal): { signal: AbortSignal; forget: () => void } {
  const controller = new AbortController();
  let firstAt = NaN;
  const stop = () => {
    if (controller.signal.aborted) {
      if (performance.now() - firstAt > ONE_CTRL_C_MS) process.exit(1);
      return;
    }
    firstAt = performance.now();
    terminal.say('Stopping after the window under way; once more stops at once.');
    controller.abort();
  };
  for (const name of STOP_SIGNALS) process.on(name, stop);
  return {
    signal: controller.signal,
    forget() {
      for (const name of STOP_SIGNALS) process.off(name, stop);
    },
  };
}
