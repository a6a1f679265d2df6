import { afterEach, describe, expect, it, vi } from 'vitest';
import { ask, refusal } from './api.ts';

afterEach(() => vi.unstubAllGlobals());

describe('api', () => {
  it('passes on what the API says about an error', () => {
    const body = '{"error":{"code":"SERVING_NO_WINDOW","message":"No window yet.","request_id":"a"}}';
    expect(refusal(503, body)).toEqual({
      kind: 'refused',
      code: 'SERVING_NO_WINDOW',
      message: 'No window yet.',
    });
  });

  it('takes a gateway’s own error page for an API that is not there', () => {
    expect(refusal(502, '<html>Bad gateway</html>').kind).toBe('unreachable');
    expect(refusal(404, 'null').kind).toBe('refused');
  });

  it('answers with a reason when nobody listens', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    const answer = await ask('/health', new AbortController().signal);
    expect(answer).toMatchObject({ ok: false, failure: { kind: 'unreachable' } });
  });

  it('takes the checks of a failing system for an answer, not for a refusal', async () => {
    const body = '{"status":"failing","checks":[]}';
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(body, { status: 503 })));
    const answer = await ask('/health', new AbortController().signal);
    expect(answer).toMatchObject({ ok: true, data: { status: 'failing' } });
  });

  it('says so when something else answers', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('<html>a router</html>')));
    const answer = await ask('/health', new AbortController().signal);
    expect(answer).toMatchObject({ ok: false, failure: { kind: 'unreachable' } });
  });

  it('throws only when the page itself gave up', async () => {
    const controller = new AbortController();
    controller.abort();
    vi.stubGlobal('fetch', () => Promise.reject(new DOMException('aborted', 'AbortError')));
    await expect(ask('/health', controller.signal)).rejects.toThrow('aborted');
  });
});
