import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeApp, createFakePorts, FAKE_HEALTH } from '../fake-ports.ts';
import type { DashboardView, HealthView } from '../views.ts';

const INLINE = 'self.pageData = [1];';
const INDEX = `<!doctype html><script src="/_next/static/a.js"></script><script>${INLINE}</script><p>the page</p>`;

describe('the page at /', () => {
  let root: string;
  let out: string;
  let app: FastifyInstance;
  let dashboard: DashboardView;
  let health: HealthView;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'bellwether-pages-'));
    out = join(root, 'out');
    dashboard = { state: 'building', detail: 'since 3 s' };
    health = FAKE_HEALTH;
    const ports = createFakePorts({ dashboard: () => dashboard, health: () => Promise.resolve(health) });
    app = await createFakeApp(ports, { dashboardDir: out });
  });
  afterEach(async () => {
    await app.close();
    await rm(root, { recursive: true });
  });

  async function build(): Promise<void> {
    await mkdir(join(out, '_next/static'), { recursive: true });
    await mkdir(join(out, 'models'));
    await writeFile(join(out, 'index.html'), INDEX);
    await writeFile(join(out, 'models/index.html'), '<p>models</p>');
    await writeFile(join(out, 'about.html'), '<p>about</p>');
    await writeFile(join(out, '_next/static/a.js'), 'let a;');
    await writeFile(join(out, 'icon.svg'), '<svg/>');
    await writeFile(join(out, '.secret'), 'hidden');
    await writeFile(join(root, 'outside.txt'), 'not yours');
    dashboard = { state: 'ready', detail: 'built' };
  }

  it('says until then what is happening, links the API and asks for itself anew', async () => {
    health = { ...FAKE_HEALTH, status: 'starting', progress: { phrase: 'Replaying 28 days', share: 0.42 } };
    const page = await app.inject('/');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.body).toContain('http-equiv="refresh" content="2"');
    expect(page.body).toContain('Replaying 28 days');
    expect(page.body).toContain('value="42"');
    expect(page.body).toContain('The page is built after the first signal and will stand here by itself.');
    for (const link of ['/docs', '/signal?horizon_minutes=60', '/health'])
      expect(page.body).toContain(`href="${link}"`);
    expect(page.body).not.toContain('<script');
    expect(page.body).not.toMatch(/https?:\/\//);
    expect(page.body).not.toContain('Simulated');
  });

  it('says that the page is being built only when the first signal is there', async () => {
    expect((await app.inject('/')).body).toContain('The page is being built and will stand here by itself.');
    health = { ...FAKE_HEALTH, status: 'starting', lastWindow: null };
    expect((await app.inject('/')).body).not.toContain('being built');
  });

  it('says that a simulated market is one', async () => {
    health = { ...FAKE_HEALTH, simulated: true };
    expect((await app.inject('/')).body).toContain('Simulated market');
  });

  it('says that the build failed and why, as text', async () => {
    dashboard = { state: 'failed', detail: 'The page could not be built: <b>next</b> ended with 1' };
    const page = await app.inject('/');
    expect(page.body.match(/could not be built/g)).toHaveLength(1);
    expect(page.body).toContain('&lt;b&gt;next&lt;/b&gt; ended with 1');
    expect(page.body).toContain('content="15"');
  });

  it('says what is failing, that it starts, that it is off, and when nothing can be said', async () => {
    health = {
      ...FAKE_HEALTH,
      status: 'failing',
      checks: [{ name: 'pg', status: 'failing', detail: 'Postgres is gone' }],
    };
    dashboard = { state: 'off', detail: '' };
    expect((await app.inject('/')).body).toContain('Postgres is gone');
    health = { ...FAKE_HEALTH, status: 'starting' };
    expect((await app.inject('/')).body).toContain('The system is starting.');
    expect((await app.inject('/')).body).toContain('The page is not built here.');
    const mute = await createFakeApp(createFakePorts({ health: () => Promise.reject(new Error('no')) }));
    expect((await mute.inject('/')).body).toContain('cannot say how it is');
    await mute.close();
  });

  it('switches to the built page by itself, with a policy for its own inline scripts', async () => {
    expect((await app.inject('/')).body).not.toContain('the page</p>');
    await build();
    const page = await app.inject('/');
    expect(page.body).toBe(INDEX);
    const hash = createHash('sha256').update(INLINE).digest('base64');
    expect(page.headers['content-security-policy']).toContain(`script-src 'self' 'sha256-${hash}';`);
    expect(page.headers['cache-control']).toBe('no-cache');
  });

  it('shows a page that was built anew', async () => {
    await build();
    await app.inject('/');
    await writeFile(join(out, 'index.html'), '<p>newer</p>');
    await utimes(join(out, 'index.html'), 2_000_000_000, 2_000_000_000);
    expect((await app.inject('/')).body).toBe('<p>newer</p>');
  });

  it('serves pages with and without a slash or .html, and files with the right type and age', async () => {
    await build();
    for (const url of ['/models', '/models/', '/models/index.html'])
      expect((await app.inject(url)).body).toBe('<p>models</p>');
    for (const url of ['/about', '/about.html', '/about?x=1'])
      expect((await app.inject(url)).body).toBe('<p>about</p>');
    const script = await app.inject('/_next/static/a.js');
    expect(script.headers['content-type']).toContain('javascript');
    expect(script.headers['cache-control']).toContain('immutable');
    const icon = await app.inject('/icon.svg');
    expect([icon.statusCode, icon.headers['cache-control']]).toEqual([200, 'no-cache']);
  });

  it('serves nothing outside its folder, nothing hidden, and nothing before it is ready', async () => {
    await build();
    for (const url of [
      '/../outside.txt',
      '/..%2Foutside.txt',
      '/%2e%2e/outside.txt',
      '/.secret',
      '/none.js',
      '/_next',
    ]) {
      const answer = await app.inject(url);
      expect(answer.statusCode, url).toBe(404);
      expect(answer.json().error.request_id).toBeTruthy();
    }
    dashboard = { state: 'building', detail: '' };
    expect((await app.inject('/icon.svg')).statusCode).toBe(404);
  });

  it('shows the waiting page when the built one cannot be read', async () => {
    dashboard = { state: 'ready', detail: '' };
    expect((await app.inject('/')).body).toContain('could not be read');
  });
});
