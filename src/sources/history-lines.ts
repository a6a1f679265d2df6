import { createHash } from 'node:crypto';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { type AppError, messageOf } from '../core/index.ts';
import { historyFileUnreadable, historyGzipBroken } from './errors.ts';

/** Bytes a read; large enough that the cost of a turn of the event loop vanishes beside that of its rows. */
const CHUNK_BYTES = 262_144;
/** How much of a file's beginning and end an inspection keeps: about a thousand candle rows each. */
const SAMPLE_BYTES = 65_536;
/** A longer line is cut here, so that a file without line breaks cannot fill the memory. */
const LINE_LIMIT = 1_048_576;
const NEWLINE = 10;

/** A file on disk, by path and by the name that messages use. */
export interface LineFile {
  name: string;
  path: string;
}

/** What one pass over a file tells. */
export interface Inspection {
  /** Lines, the header and blank ones included. */
  lines: number;
  /** The first lines, whole ones only. */
  head: string[];
  /** The last lines, whole ones only; the same as `head` for a small file. */
  tail: string[];
}

/**
 * Reads a file once from end to end without keeping it: proves that it can be read and that its gzip is whole.
 * @throws AppError `SOURCE_HISTORY_GZIP_BROKEN`, `SOURCE_HISTORY_FILE_UNREADABLE`
 */
export async function inspectFile(file: LineFile): Promise<Inspection> {
  const sampler = createSampler();
  try {
    for await (const chunk of await openBytes(file)) sampler.add(chunk as Buffer);
  } catch (cause) {
    throw readError(file, sampler.newlines(), cause);
  }
  return sampler.result();
}

/**
 * Streams a file's lines in batches of about 256 KiB, without line ends and without a byte order mark.
 * The memory does not depend on the file's size.
 * @throws AppError as `inspectFile`
 */
export async function* readLineBatches(file: LineFile): AsyncGenerator<string[]> {
  const cutter = createLineCutter();
  let lines = 0;
  try {
    for await (const chunk of await openBytes(file)) {
      const batch = cutter.add(chunk as Buffer);
      lines += batch.length;
      yield batch;
    }
  } catch (cause) {
    throw readError(file, lines, cause);
  }
  const rest = cutter.end();
  if (rest.length > 0) yield rest;
}

/**
 * SHA-256 in hex of the bytes as they lie there, compressed or not.
 * @throws AppError `SOURCE_HISTORY_FILE_UNREADABLE`
 */
export async function hashFile(file: LineFile): Promise<string> {
  const hash = createHash('sha256');
  try {
    const handle = await openFile(file);
    for await (const chunk of handle.createReadStream()) hash.update(chunk as Buffer);
  } catch (cause) {
    throw readError(file, 0, cause);
  }
  return hash.digest('hex');
}

/** Opening a pipe would wait for a writer for ever, and a folder can be opened but not read. */
async function openFile(file: LineFile): Promise<FileHandle> {
  const facts = await stat(file.path);
  if (!facts.isFile()) throw new Error('it is no plain file');
  return open(file.path);
}

/**
 * The file's text as bytes. It is opened here and not by its stream, which would say that it could not be opened when
 * nobody listens yet: an error that nobody hears ends the process.
 */
async function openBytes(file: LineFile): Promise<AsyncIterable<unknown>> {
  const handle = await openFile(file);
  const compressed = await isGzip(file, handle).catch(async (cause: unknown) => {
    await handle.close();
    throw cause;
  });
  const read = handle.createReadStream({ start: 0, highWaterMark: CHUNK_BYTES });
  if (!compressed) return read;
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // The iteration over `gunzip` sees the failure; this promise would only report it a second time.
  pipeline(read, gunzip).catch(() => {});
  return gunzip;
}

/** Plain or gzip is told by the first two bytes, so that a wrong ending in the name does no harm. */
async function isGzip(file: LineFile, handle: FileHandle): Promise<boolean> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
  if (bytesRead === 0) return false;
  return (buffer[0] === 0x1f && buffer[1] === 0x8b) || file.name.endsWith('.gz');
}

function readError(file: LineFile, line: number, cause: unknown): AppError {
  const place = { folder: dirname(file.path), file: file.name, line };
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  return code.startsWith('Z_')
    ? historyGzipBroken(place, messageOf(cause), cause)
    : historyFileUnreadable(place, messageOf(cause), cause);
}

function createSampler() {
  const head: Buffer[] = [];
  const tail: Buffer[] = [];
  let headBytes = 0;
  let tailBytes = 0;
  let total = 0;
  let newlines = 0;
  let last = NEWLINE;

  return {
    newlines: () => newlines,
    add(chunk: Buffer) {
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) newlines += 1;
      total += chunk.length;
      last = chunk.at(-1) ?? last;
      if (headBytes < SAMPLE_BYTES) head.push(chunk);
      headBytes += chunk.length;
      tail.push(chunk);
      tailBytes += chunk.length;
      while (tailBytes - (tail[0]?.length ?? 0) >= SAMPLE_BYTES) tailBytes -= tail.shift()?.length ?? 0;
    },
    result(): Inspection {
      const start = Buffer.concat(head).subarray(0, SAMPLE_BYTES);
      const end = Buffer.concat(tail).subarray(-SAMPLE_BYTES);
      const isWhole = total <= SAMPLE_BYTES;
      const headLines = splitLines(start.toString('utf8'));
      const tailLines = splitLines(end.toString('utf8'));
      return {
        lines: newlines + (last === NEWLINE ? 0 : 1),
        head: isWhole ? headLines : headLines.slice(0, Math.max(1, headLines.length - 1)),
        tail: isWhole ? headLines : tailLines.slice(1),
      };
    },
  };
}

function splitLines(text: string): string[] {
  const cutter = createLineCutter();
  return [...cutter.add(Buffer.from(text)), ...cutter.end()];
}

function createLineCutter() {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let isFirst = true;

  function clean(lines: string[]): string[] {
    if (isFirst && lines.length > 0) {
      isFirst = false;
      lines[0] = lines[0]?.replace(/^\uFEFF/, '') ?? '';
    }
    for (let place = 0; place < lines.length; place += 1) {
      const line = lines[place] ?? '';
      if (line.charCodeAt(line.length - 1) === 13) lines[place] = line.slice(0, -1);
    }
    return lines;
  }

  return {
    add(chunk: Buffer): string[] {
      const lines = decoder.write(chunk).split('\n');
      lines[0] = rest.length < LINE_LIMIT ? rest + (lines[0] ?? '') : rest;
      rest = lines.pop() ?? '';
      return clean(lines);
    },
    end(): string[] {
      rest += decoder.end();
      return rest === '' ? [] : clean([rest]);
    },
  };
}
