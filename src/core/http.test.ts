import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { proxyEnvironment } from './config.ts';
import { createHttp, followRedirect } from './http.ts';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(body)).toString('utf8');
}

describe('createHttp', () => {
  it('gives status, headers and body of the last answer, and the headers of those on the way', async () => {
    const url = await serve(({ url: path }, response) => {
      if (path === '/') response.writeHead(302, { location: '/next', 'x-on-the-way': 'yes' }).end();
      else response.writeHead(203, { 'x-last': 'a' }).end('there');
    });
    const answer = await createHttp().get(url);
    expect(answer).toMatchObject({ status: 203, url: `${url}/next`, headers: { 'x-last': 'a' } });
    expect(answer.hops.map(({ status }) => status)).toEqual([302, 203]);
    expect(answer.hops[0]?.headers['x-on-the-way']).toBe('yes');
    expect(await textOf(answer.body)).toBe('there');
  });

  it('keeps credentials from another server, and from a third one that this one sends on to', async () => {
    const seen: (string | undefined)[] = [];
    const third = await serve(({ headers }, response) => {
      seen.push(headers.authorization);
      response.end(headers['range']);
    });
    const first = await serve(({ url, headers }, response) => {
      seen.push(headers.authorization);
      response.writeHead(307, { location: url === '/' ? '/again' : third }).end();
    });
    const headers = { Authorization: 'Bearer secret', Range: 'bytes=1-' };
    const { body } = await createHttp().get(first, { headers });
    expect(await textOf(body)).toBe('bytes=1-');
    expect(seen).toEqual(['Bearer secret', 'Bearer secret', undefined]);
  });

  it.each([
    ['a circle', (path: string) => (path === '/a' ? '/b' : '/a'), 'in a circle'],
    ['an endless chain', (path: string) => `${path}x`, '9 redirects are too many'],
    ['another kind of address', () => 'file:///etc/passwd', 'neither https nor http'],
    ['no address', () => 'http://', 'it is no address'],
  ])('refuses a redirect to %s', async (_, next, problem) => {
    const url = await serve((request, response) => {
      response.writeHead(302, { location: next(request.url ?? '') }).end();
    });
    await expect(createHttp().get(url)).rejects.toMatchObject({
      code: 'HTTP_REDIRECT_REFUSED',
      message: expect.stringContaining(problem) as string,
    });
  });

  it('says when nobody listens', async () => {
    const url = await serve(() => {});
    servers.splice(0).forEach((server) => server.close());
    await expect(createHttp().get(url)).rejects.toMatchObject({
      code: 'HTTP_UNREACHABLE',
      retryable: true,
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  it('gives up on a server that stays silent, before its headers and in the midst of a body', async () => {
    const url = await serve(({ url: path }, response) => {
      if (path === '/body') response.writeHead(200, { 'content-length': 9 }).write('half');
    });
    const http = createHttp({ silenceMs: 60 });
    await expect(http.get(url)).rejects.toMatchObject({
      message: expect.stringContaining('0.06 s') as string,
    });
    const { body } = await http.get(`${url}/body`);
    await expect(textOf(body)).rejects.toThrow();
  });

  it('stops when it is told to', async () => {
    const url = await serve(() => {});
    const reason = new Error('changed my mind');
    await expect(createHttp().get(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('asks through the proxy that the variables name, and past it where they say so', async () => {
    const asked: string[] = [];
    const proxy = await serve(({ url: path }, response) => {
      asked.push(path ?? '');
      response.end('by proxy');
    });
    const target = await serve((_, response) => response.end('direct'));
    const through = createHttp({ proxy: proxyEnvironment({ HTTP_PROXY: proxy, HTTPS_PROXY: '' }) });
    expect(await textOf((await through.get(`${target}/x`)).body)).toBe('by proxy');
    expect(asked).toEqual([`${target}/x`]);
    const past = createHttp({ proxy: proxyEnvironment({ http_proxy: proxy, no_proxy: '127.0.0.1' }) });
    expect(await textOf((await past.get(`${target}/x`)).body)).toBe('direct');
  });

  it('asks a proxy for a tunnel where the address is an encrypted one', async () => {
    const asked: string[] = [];
    const proxy = await serve(() => {});
    servers[0]?.on('connect', ({ url }: IncomingMessage, socket: Socket) => {
      asked.push(url ?? '');
      socket.end('HTTP/1.1 502 No\r\n\r\n');
    });
    const http = createHttp({ proxy: { HTTPS_PROXY: proxy } });
    await expect(http.get('https://hub.invalid/x')).rejects.toMatchObject({ code: 'HTTP_UNREACHABLE' });
    expect(asked).toEqual(['hub.invalid:443']);
  });
});

describe('followRedirect', () => {
  const from = new URL('https://hub.example/file');
  const way = { seen: new Set<string>(), isLast: false };

  it('does not leave encryption, except for this machine', () => {
    expect(() => followRedirect(from, 'http://store.example/file', way)).toThrow('leaves encryption');
    expect(followRedirect(from, 'http://localhost:9/file', way).href).toBe('http://localhost:9/file');
    expect(followRedirect(from, '//store.example/file', way).href).toBe('https://store.example/file');
  });

  it('names no signature and no password of an address that it refuses', () => {
    const attempt = () => followRedirect(from, 'http://me:secret@store.example/file?signature=secret', way);
    expect(attempt).toThrow(/store\.example\/file/);
    expect(attempt).not.toThrow(/secret/);
  });
});
