import { execFile } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttp, createRandom, createVirtualClock } from '../../core/index.ts';
import { unavailableBecause } from './errors.ts';
import { sha256, startFakeHub, type FakeFile, type FakeHub } from './fixtures/hub-server.ts';
import { createHubClient, type HubClientOptions } from './hub.ts';
import { realDisk, type Disk } from './hub-download.ts';
import { readPin, type Pin } from './hub-pin.ts';

const REPO = 'Somebody/a-model';
const WANTED = { repo: REPO, revision: 'main' };
const random = createRandom(7);
const large = (bytes: number): FakeFile => ({
  content: Buffer.from(Uint8Array.from({ length: bytes }, () => random.integer(256))),
  isLarge: true,
});
const small = (text: string): FakeFile => ({ content: Buffer.from(text), isLarge: false });
const FILES: Record<string, FakeFile> = {
  'README.md': small('not fetched'),
  'config.json': small('{"model_type":"bert"}'),
  'tokenizer.json': small('{}'),
  'tokenizer_config.json': small(''),
  'pytorch_model.bin': large(10),
  'onnx/model.onnx': large(3_000),
};
const FETCHED = ['config.json', 'onnx/model.onnx', 'tokenizer.json', 'tokenizer_config.json'];

let hub: FakeHub;
let root: string;
let waits: number[];
const hubs: FakeHub[] = [];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'bellwether-hub-'));
  waits = [];
  hub = await open(FILES);
});
afterEach(async () => {
  await Promise.all(hubs.splice(0).map((each) => each.close()));
  rmSync(root, { recursive: true, force: true });
});

async function open(files: Record<string, FakeFile>): Promise<FakeHub> {
  const opened = await startFakeHub(REPO, files);
  hubs.push(opened);
  return opened;
}

function client(options: Partial<HubClientOptions> = {}) {
  const pause = async (ms: number) => void waits.push(ms);
  const patience = { attempts: 4, random: createRandom(1), pause };
  return createHubClient({ endpoint: hub.endpoint, clock: createVirtualClock(0), patience, ...options });
}

/** What lies in a folder, apart from the pin and its lock. */
function contentOf(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (path) => statSync(join(folder, path)).isFile() && path !== 'pin.json' && path !== '.lock',
  );
  return Object.fromEntries(paths.sort().map((path) => [path, sha256(readFileSync(join(folder, path)))]));
}

const EXPECTED = Object.fromEntries(FETCHED.map((path) => [path, sha256(FILES[path]!.content)]));
const FOLDER = 'Somebody--a-model/main';

describe('createHubClient', () => {
  it('fetches what a model consists of, no pickle and nothing else, and pins commit and hashes beside it', async () => {
    const progress: number[] = [];
    const onProgress = ({ receivedBytes, totalBytes }: { receivedBytes: number; totalBytes: number }) =>
      progress.push(receivedBytes / totalBytes);
    const { folder, pin } = await client().fetch(WANTED, root, { onProgress });
    expect(contentOf(folder)).toEqual(EXPECTED);
    expect(pin).toMatchObject({ repo: REPO, revision: 'main', commit: hub.commit, endpoint: hub.endpoint });
    expect(Object.fromEntries(pin.files.map((file) => [file.path, file.sha256]))).toEqual(EXPECTED);
    expect(readPin(folder)).toEqual(pin);
    expect(progress.at(-1)).toBe(1);
    expect([...progress].sort((a, b) => a - b)).toEqual(progress);
  });

  it('asks nothing of the network for what is here whole, and uses it offline', async () => {
    await client().fetch(WANTED, root);
    hub.asked.splice(0);
    await client().fetch(WANTED, root);
    const { folder } = await client({ isOffline: true, endpoint: 'http://nowhere.invalid' }).fetch(
      WANTED,
      root,
    );
    expect(hub.asked).toEqual([]);
    expect(contentOf(folder)).toEqual(EXPECTED);
  });

  it('goes on with the commit of its first use when the branch has moved on meanwhile', async () => {
    hub.cuts.push(1_000, 1_000, 1_000, 1_000);
    await expect(client().fetch(WANTED, root)).rejects.toMatchObject({ code: 'SENTIMENT_HUB_UNREACHABLE' });
    hub.intercept = ({ path }) => {
      if (path.includes('/revision/')) throw new Error('asked again what main means');
      return false;
    };
    await client().fetch(WANTED, root);
    expect(contentOf(join(root, FOLDER))).toEqual(EXPECTED);
  });

  it('gives its token to the hub alone', async () => {
    await client({ token: 'hf_secret' }).fetch(WANTED, root);
    const said = (host: string) =>
      hub.asked.filter((asked) => asked.host === host).map((asked) => asked.authorization);
    expect(new Set(said('hub'))).toEqual(new Set(['Bearer hf_secret']));
    expect(said('store')).toEqual([null]);
  });

  it('reads the list of files page by page', async () => {
    hub.intercept = ({ path }, response) => {
      if (!path.includes('/tree/') || path.includes('cursor')) return false;
      response.setHeader(
        'link',
        `<${hub.endpoint}/api/models/${REPO}/tree/${hub.commit}?cursor=2>; rel="next"`,
      );
      response.end('[]');
      return true;
    };
    const { folder } = await client().fetch(WANTED, root);
    expect(contentOf(folder)).toEqual(EXPECTED);
  });

  it('does not follow the list of files to another machine, for its token goes along', async () => {
    hub.intercept = ({ path }, response) => {
      if (!path.includes('/tree/')) return false;
      response.setHeader('link', '<http://127.0.0.2:9/elsewhere>; rel="next"');
      response.end('[]');
      return true;
    };
    await expect(client({ token: 'hf_secret' }).fetch(WANTED, root)).rejects.toThrow(
      'its next page is on another machine, http://127.0.0.2:9',
    );
  });

  it('takes the weights that are turned into ONNX here where there is no ONNX file', async () => {
    const { 'onnx/model.onnx': weights, ...rest } = FILES;
    hub = await open({ ...rest, 'model.safetensors': weights! });
    const { pin } = await client().fetch(WANTED, root);
    expect(pin.files.map(({ path }) => path)).toContain('model.safetensors');
  });
});

describe('a connection that is cut', () => {
  it('at any byte costs nothing but a request for the rest', async () => {
    const bytes = FILES['onnx/model.onnx']!.content.length;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes), { minLength: 1, maxLength: 3 }), async (cuts) => {
        const place = mkdtempSync(join(root, 'cut-'));
        hub.cuts.splice(0, Infinity, ...cuts);
        hub.asked.splice(0);
        const { folder } = await client().fetch(WANTED, place);
        expect(contentOf(folder)).toEqual(EXPECTED);
        // A cut at the last byte is none.
        const asked = hub.asked.filter(({ host }) => host === 'store');
        expect(asked.length).toBeLessThanOrEqual(1 + cuts.length);
      }),
      { seed: 11, numRuns: 60 },
    );
  });

  it('leaves its part to the next process, and never a file under its own name', async () => {
    hub.cuts.push(2_000, 2_000, 2_000, 2_000);
    await expect(client().fetch(WANTED, root)).rejects.toMatchObject({ code: 'SENTIMENT_HUB_UNREACHABLE' });
    expect(Object.keys(contentOf(join(root, FOLDER)))).not.toContain('onnx/model.onnx');
    // How much of what came before the cut was still read is the system's affair.
    writeFileSync(
      join(root, FOLDER, 'onnx/model.onnx.part'),
      FILES['onnx/model.onnx']!.content.subarray(0, 2_000),
    );
    hub.asked.splice(0);
    await client().fetch(WANTED, root);
    expect(hub.asked.filter(({ host }) => host === 'store').map(({ range }) => range)).toEqual([
      'bytes=2000-',
    ]);
  });

  it('does not matter to a file of which there is too much, too little or something else already', async () => {
    for (const part of [Buffer.alloc(5_000), Buffer.alloc(3_000), Buffer.alloc(17)]) {
      const place = mkdtempSync(join(root, 'part-'));
      hub.cuts.push(5, 5, 5, 5);
      await client()
        .fetch(WANTED, place)
        .catch(() => undefined);
      writeFileSync(join(place, FOLDER, 'onnx/model.onnx.part'), part);
      const { folder } = await client().fetch(WANTED, place);
      expect(contentOf(folder)).toEqual(EXPECTED);
    }
  });

  it('is begun anew where the hub knows no parts, or refuses this one', async () => {
    for (const misbehave of [200, 416]) {
      const place = mkdtempSync(join(root, 'whole-'));
      hub.cuts.push(1_500);
      hub.intercept = ({ host, range }, response) => {
        if (host !== 'store' || range === null) return false;
        response.writeHead(misbehave).end(misbehave === 200 ? FILES['onnx/model.onnx']!.content : '');
        return true;
      };
      const { folder } = await client().fetch(WANTED, place);
      expect(contentOf(folder)).toEqual(EXPECTED);
    }
  });
});

describe('a hub that does not do its part', () => {
  const refusalOf = async (options?: Partial<HubClientOptions>) =>
    client(options)
      .fetch(WANTED, root)
      .then(
        () => {
          throw new Error('it was not refused');
        },
        (error: unknown) => error as Error & { code: string },
      );
  const leftOf = () => {
    try {
      return Object.keys(contentOf(join(root, FOLDER))).filter((path) => path.includes('onnx'));
    } catch {
      return [];
    }
  };
  const whenAsked = (
    host: string,
    part: string,
    answer: (response: Parameters<NonNullable<FakeHub['intercept']>>[1]) => void,
  ) => {
    hub.intercept = (asked, response) => {
      if (asked.host !== host || !asked.path.includes(part)) return false;
      answer(response);
      return true;
    };
  };

  it('and gives other bytes than it has announced is not believed, whole or in parts', async () => {
    const content = Buffer.from(FILES['onnx/model.onnx']!.content);
    content[1_234]! ^= 1;
    whenAsked('store', 'model.onnx', (response) => response.end(content));
    expect(await refusalOf()).toMatchObject({ code: 'SENTIMENT_MODEL_CORRUPT' });
    expect(hub.asked.filter(({ host }) => host === 'store')).toHaveLength(2);
    expect(leftOf()).toEqual([]);
  });

  it('and gives more bytes than it has announced is not believed', async () => {
    whenAsked('store', 'model.onnx', (response) => response.end(Buffer.alloc(100_000)));
    expect(await refusalOf()).toMatchObject({ code: 'SENTIMENT_MODEL_CORRUPT' });
    expect(leftOf()).toEqual([]);
  });

  it('and changes a small file is found out by Git’s own hash', async () => {
    whenAsked('hub', 'resolve', (response) => response.end('{"model_type":"BERT"}'));
    expect(await refusalOf()).toMatchObject({
      code: 'SENTIMENT_MODEL_CORRUPT',
      message: expect.stringContaining('Git would name it') as string,
    });
  });

  it('and announces another hash or commit for a file than in its list is not believed', async () => {
    whenAsked('hub', 'model.onnx', (response) => {
      response.setHeader('x-linked-etag', `"${'0'.repeat(64)}"`).end('x');
    });
    expect(await refusalOf()).toMatchObject({ code: 'SENTIMENT_MODEL_CORRUPT' });
    whenAsked('hub', 'model.onnx', (response) =>
      response.setHeader('x-repo-commit', 'f'.repeat(40)).end('x'),
    );
    expect(await refusalOf()).toMatchObject({ code: 'SENTIMENT_HUB_ANSWER_INVALID' });
    whenAsked('hub', 'model.onnx', (response) => response.setHeader('content-encoding', 'gzip').end('x'));
    expect(await refusalOf()).toMatchObject({ code: 'SENTIMENT_HUB_ANSWER_INVALID' });
  });

  it('and sends around in a circle is left at once', async () => {
    whenAsked('store', 'model.onnx', (response) =>
      response.writeHead(302, { location: '/store/onnx/model.onnx' }).end(),
    );
    expect(await refusalOf()).toMatchObject({
      code: 'SENTIMENT_HUB_ANSWER_INVALID',
      message: expect.stringContaining('circle') as string,
    });
    expect(waits).toEqual([]);
  });

  it('and asks for time is given it', async () => {
    let refusals = 2;
    hub.intercept = ({ host }, response) => {
      if (host !== 'store' || refusals === 0) return false;
      refusals -= 1;
      response.writeHead(refusals === 1 ? 429 : 503, {
        'retry-after': refusals === 1 ? '7' : new Date(9_000).toUTCString(),
      });
      response.end();
      return true;
    };
    const { folder } = await client().fetch(WANTED, root);
    expect(contentOf(folder)).toEqual(EXPECTED);
    expect(waits).toEqual([7_000, 9_000]);
  });

  it('and asks for more time than anybody waits is left with its own words', async () => {
    whenAsked('store', 'model.onnx', (response) => response.writeHead(429, { 'retry-after': '3600' }).end());
    const error = await refusalOf();
    expect(error).toMatchObject({
      code: 'SENTIMENT_HUB_BUSY',
      message: expect.stringContaining('3600 s') as string,
    });
    expect(waits).toEqual([]);
  });

  it('and fails again and again is asked four times with growing waits', async () => {
    whenAsked('store', 'model.onnx', (response) => response.writeHead(500).end());
    expect(await refusalOf()).toMatchObject({ code: 'SENTIMENT_HUB_BUSY', retryable: true });
    expect(waits).toHaveLength(3);
    waits.forEach((wait, place) => expect(wait).toBeLessThanOrEqual(500 * 2 ** place));
  });

  it.each([
    [404, 'SENTIMENT_MODEL_NOT_FOUND'],
    [401, 'SENTIMENT_HUB_FORBIDDEN'],
    [403, 'SENTIMENT_HUB_FORBIDDEN'],
    [418, 'SENTIMENT_HUB_ANSWER_INVALID'],
  ])('and answers with %i makes the family unavailable with reason and remedy', async (status, code) => {
    whenAsked('hub', '/revision/', (response) => response.writeHead(status).end());
    const error = await refusalOf();
    expect(error.code).toBe(code);
    const state = unavailableBecause('finbert', error);
    expect(state).toMatchObject({ family: 'finbert', state: 'unavailable' });
    const said = state.state === 'unavailable' ? `${state.reason} ${state.remedy}` : null;
    expect(said).toBe(`${error.message} Asked for by name it is tried again, once a minute.`);
  });

  it.each([
    ['no JSON', '<html>'],
    ['no commit', '{"sha":"main"}'],
    ['too much', ' '.repeat(9 * 1_024 * 1_024)],
  ])('and says %s is understood to be none', async (_, body) => {
    whenAsked('hub', '/revision/', (response) => response.end(body));
    expect(await refusalOf()).toMatchObject({ code: 'SENTIMENT_HUB_ANSWER_INVALID' });
  });

  it('and cannot be reached makes the family unavailable, what it would take included', async () => {
    await hub.close();
    const state = unavailableBecause('finbert', await refusalOf({ http: createHttp({ silenceMs: 500 }) }));
    expect(state).toMatchObject({ reason: expect.stringContaining('ECONNREFUSED') as string });
  });
});

describe('what cannot be fetched', () => {
  it('is a model of which there are only pickle files', async () => {
    hub = await open(Object.fromEntries(Object.entries(FILES).filter(([path]) => !path.includes('onnx'))));
    await expect(client().fetch(WANTED, root)).rejects.toMatchObject({
      code: 'SENTIMENT_MODEL_UNUSABLE',
      message: expect.stringMatching(/pickle file \(pytorch_model\.bin\).*safe_serialization/) as string,
    });
    expect(hub.asked.some(({ path }) => path.includes('/resolve/'))).toBe(false);
  });

  it('is a model that is too large, or larger than the disk', async () => {
    await expect(client({ mostBytes: 2_000 }).fetch(WANTED, root)).rejects.toMatchObject({
      code: 'SENTIMENT_MODEL_UNUSABLE',
    });
    const disk = { ...realDisk, freeBytes: async () => 10_000_000 };
    await expect(client({ disk }).fetch(WANTED, root)).rejects.toMatchObject({
      code: 'SENTIMENT_MODEL_DISK',
      message: expect.stringContaining('10 MB are there') as string,
    });
    expect(hub.asked.some(({ path }) => path.includes('/resolve/'))).toBe(false);
  });

  it('gives its room back when the disk turns out to be full in the midst of it', async () => {
    const disk: Disk = {
      ...realDisk,
      async open(path, from) {
        const file = await realDisk.open(path, from);
        const refuse = async () =>
          Promise.reject(Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' }));
        return path.includes('model.onnx') ? { ...file, write: refuse } : file;
      },
    };
    await expect(client({ disk }).fetch(WANTED, root)).rejects.toMatchObject({
      code: 'SENTIMENT_MODEL_DISK',
    });
    expect(Object.keys(contentOf(join(root, FOLDER)))).not.toContain('onnx/model.onnx.part');
    const { folder } = await client().fetch(WANTED, root);
    expect(contentOf(folder)).toEqual(EXPECTED);
  });

  it('is anything while offline', async () => {
    await expect(client({ isOffline: true }).fetch(WANTED, root)).rejects.toMatchObject({
      code: 'SENTIMENT_MODEL_OFFLINE',
    });
    expect(hub.asked).toEqual([]);
  });

  it.each(['no-owner', '../../etc', 'a/b/c', 'a/..'])('is a repository named %s', async (repo) => {
    await expect(client().fetch({ repo, revision: 'main' }, root)).rejects.toMatchObject({
      code: 'SENTIMENT_MODEL_UNUSABLE',
    });
  });

  it('is a model that is not what the settings pin', async () => {
    const hashes = { 'onnx/model.onnx': '0'.repeat(64) };
    await expect(client().fetch({ ...WANTED, hashes }, root)).rejects.toMatchObject({
      code: 'SENTIMENT_MODEL_CORRUPT',
    });
    const other = { ...WANTED, hashes: { 'config.json': '0'.repeat(64) } };
    await expect(client().fetch(other, root)).rejects.toMatchObject({ code: 'SENTIMENT_MODEL_CORRUPT' });
    const revision = '1'.repeat(40);
    await expect(client().fetch({ repo: REPO, revision }, root)).rejects.toMatchObject({
      code: 'SENTIMENT_MODEL_NOT_FOUND',
    });
    const right = { ...WANTED, revision: hub.commit, hashes: EXPECTED };
    await expect(client().fetch(right, root)).resolves.toMatchObject({ pin: { commit: hub.commit } });
  });
});

describe('a model that was fetched', () => {
  it('is fetched again where a byte of it has changed or is gone, and not used offline', async () => {
    const { folder } = await client().fetch(WANTED, root);
    const file = join(folder, 'onnx/model.onnx');
    const damages = [
      () => truncateSync(file, 2_999),
      () => writeFileSync(file, Buffer.alloc(3_000)),
      () => rmSync(file),
    ];
    for (const damage of damages) {
      damage();
      await expect(client({ isOffline: true }).fetch(WANTED, root)).rejects.toMatchObject({
        code: 'SENTIMENT_MODEL_OFFLINE',
      });
      await client().fetch(WANTED, root);
      expect(contentOf(folder)).toEqual(EXPECTED);
    }
  });

  it('is fetched once by two processes that want it at once', async () => {
    const program = join(import.meta.dirname, 'fixtures', 'fetch-process.ts');
    const start = () =>
      promisify(execFile)(process.execPath, [
        '--disable-warning=ExperimentalWarning',
        program,
        hub.endpoint,
        REPO,
        root,
      ]);
    const outcomes = await Promise.all([start(), start()]);
    for (const { stdout } of outcomes) expect(contentOf(stdout)).toEqual(EXPECTED);
    expect(hub.asked.filter(({ host }) => host === 'store')).toHaveLength(1);
  });

  it('has a pin that names nothing outside of its folder', async () => {
    const { folder, pin } = await client().fetch(WANTED, root);
    const bad: Pin = { ...pin, files: [{ ...pin.files[0]!, path: '../../secret' }] };
    writeFileSync(join(folder, 'pin.json'), JSON.stringify(bad));
    expect(readPin(folder)).toBeNull();
  });
});
