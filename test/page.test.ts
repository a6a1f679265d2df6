import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { erasePostgres } from '../src/core/index.ts';
import type { Health } from '../src/serving/contract.ts';
import { makeDatabaseFolder } from './folders.ts';

/*
 * The page as a person sees it: the real server, the real build, a real browser. It takes about a minute, so it runs
 * with BELLWETHER_TEST_FULL=1 alone.
 */

const ROOT = resolve(import.meta.dirname, '..');
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);
const isWanted = process.env['BELLWETHER_TEST_FULL'] === '1' && CHROMIUM !== undefined;
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
];

describe.skipIf(!isWanted)('the page (BELLWETHER_TEST_FULL=1 and Chromium are needed)', () => {
  let dataDir: string;
  let server: ChildProcess;
  let browser: Browser;
  let url: string;

  beforeAll(async () => {
    dataDir = makeDatabaseFolder();
    server = spawn(process.execPath, [join(ROOT, 'src', 'server.ts'), '--port', '0'], {
      env: { ...process.env, BELLWETHER_DATA_DIR: dataDir, BELLWETHER_DASHBOARD: 'on' },
      stdio: 'ignore',
    });
    url = await until(() => runningUrl(dataDir));
    await until(async () => {
      const answer = await fetch(`${url}/health`);
      const health = (await answer.json()) as Health;
      return health.dashboard.state === 'ready' && health.status === 'ok' ? true : null;
    });
    browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: ARGUMENTS });
  }, 240_000);

  afterAll(async () => {
    await browser?.close();
    const ended = new Promise((done) => server.once('exit', done));
    server.kill('SIGINT');
    await ended;
    await erasePostgres(dataDir);
    rmSync(dataDir, { recursive: true, force: true });
  }, 60_000);

  it('says that the market is simulated and shows both signals, without a stranger or an error', async () => {
    const page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
    const errors: string[] = [];
    const strangers: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('request', (request) => !request.url().startsWith(url) && strangers.push(request.url()));
    await page.goto(url);
    await page
      .getByText(/simulated/i)
      .first()
      .waitFor();
    await page.getByText('Next 60 min').waitFor();
    await page.getByText('Next 24 h').waitFor();
    await page
      .getByText(/95 % interval/)
      .first()
      .waitFor();
    expect({ errors, strangers }).toEqual({ errors: [], strangers: [] });
  });

  it('says which model answers, what the gate decided, and what is in the ledger', async () => {
    const page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
    await page.goto(url);
    for (const horizon of ['60 min', '24 h']) {
      const models = page.getByRole('region', { name: `Models ${horizon} ahead` });
      await models.getByText('Champion', { exact: true }).waitFor();
      await models.getByText('Version live since').waitFor();
      const gate = page.getByRole('region', { name: `Gate ${horizon} ahead` }).first();
      await gate
        .getByText(/^(Promoted|Refused)$/)
        .first()
        .waitFor();
    }
    await page
      .getByRole('region', { name: 'Ledger entries' })
      .getByText('Entry #1', { exact: true })
      .waitFor();
  });

  it('says what a headline would do, by keyboard alone', async () => {
    const page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
    await page.goto(url);
    const box = page.getByLabel('Headline', { exact: true });
    await box.press('Enter');
    await page.getByRole('alert').getByText('Type a headline first').waitFor();
    await page.keyboard.type('Large exchange halts withdrawals after a devastating hack');
    await page.keyboard.press('Enter');
    const answer = page.getByRole('region', { name: 'Answer' });
    await answer.getByText(/^Every arm/).waitFor();
    await answer
      .getByText(/negative/)
      .first()
      .waitFor();
    await answer.getByText(/^The champion: (.+points|no change), (bullish|neutral|bearish)\.$/).waitFor();
  });

  it('fits a phone without sideways scrolling, in the dark', async () => {
    const page = await browser.newPage({ viewport: { width: 360, height: 740 }, colorScheme: 'dark' });
    await page.goto(url);
    await page.getByText('Next 60 min').waitFor();
    const width = await page.evaluate('document.documentElement.scrollWidth');
    expect(width).toBe(360);
  });
});

function runningUrl(dataDir: string): string | null {
  const path = join(dataDir, 'start.lock');
  if (!existsSync(path)) return null;
  const facts = JSON.parse(readFileSync(path, 'utf8')) as { url?: string };
  return facts.url ?? null;
}

/** Asks until there is an answer; the hook's own time limit ends a wait that is too long. */
async function until<Answer>(ask: () => Promise<Answer | null> | Answer | null): Promise<Answer> {
  for (;;) {
    const answer = await Promise.resolve(ask()).catch(() => null);
    if (answer !== null) return answer;
    await new Promise((done) => setTimeout(done, 250));
  }
}
