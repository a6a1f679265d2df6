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

  it('sends a question as JSON, and asks without one by GET', async () => {
    const sent: RequestInit[] = [];
    vi.stubGlobal('fetch', (_address: string, request: RequestInit) => {
      sent.push(request);
      return Promise.resolve(new Response('{}'));
    });
    await ask('/predict/compare', new AbortController().signal, { text: 'up' });
    await ask('/health', new AbortController().signal);
    expect(sent[0]).toMatchObject({ method: 'POST', body: '{"text":"up"}' });
    expect(new Headers(sent[0]?.headers).get('content-type')).toBe('application/json');
    expect([sent[1]?.method, sent[1]?.body]).toEqual([undefined, undefined]);
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
