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
/** In characters. A longer line is cut behind it, so that a file without line breaks cannot fill the memory. */
export const LINE_LIMIT = 1_048_576;
/** Of such a line an inspection keeps this much. */
const CLIPPED_LENGTH = 500;
/** In bytes. A stretch without a line break that is longer has no place among the last lines: it would fill it alone. */
const STRETCH_LIMIT = 8_192;
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
  /** The first lines; those over the limit cut to their beginning. */
  head: string[];
  /** The last lines without very long ones; the same as `head` for a small file. */
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
  const head = createHead();
  const tail = createTail();
  let newlines = 0;
  let last = NEWLINE;
  return {
    newlines: () => newlines,
    add(chunk: Buffer) {
      head.add(chunk);
      newlines += tail.add(chunk);
      last = chunk.at(-1) ?? last;
    },
    result(): Inspection {
      const { lines, isWhole } = head.result();
      return {
        lines: newlines + (last === NEWLINE ? 0 : 1),
        head: lines,
        tail: isWhole ? lines : tail.lines(),
      };
    },
  };
}

function createHead() {
  const cutter = createLineCutter();
  const kept: string[] = [];
  let size = 0;

  function keep(lines: readonly string[]): void {
    for (const line of lines) {
      if (size >= SAMPLE_BYTES) return;
      // Through bytes, because a slice alone would hold on to the whole line.
      const text = isTooLong(line) ? Buffer.from(line.slice(0, CLIPPED_LENGTH)).toString() : line;
      kept.push(text);
      size += text.length + 1;
    }
  }

  return {
    add(chunk: Buffer) {
      if (size < SAMPLE_BYTES) keep(cutter.add(chunk));
    },
    result() {
      const isWhole = size < SAMPLE_BYTES;
      if (isWhole) keep(cutter.end());
      return { lines: kept, isWhole };
    },
  };
}

function createTail() {
  const kept: Buffer[] = [];
  let bytes = 0;
  /** Bytes since the last line break, over all chunks. */
  let open = 0;

  function keep(piece: Buffer): void {
    kept.push(piece);
    bytes += piece.length;
    while (bytes - (kept[0]?.length ?? 0) >= SAMPLE_BYTES) bytes -= kept.shift()?.length ?? 0;
  }

  return {
    /** @returns the number of line breaks */
    add(chunk: Buffer): number {
      let newlines = 0;
      let from = 0;
      let start = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
        newlines += 1;
        if (open + at - start > STRETCH_LIMIT) {
          keep(chunk.subarray(from, start));
          from = at;
        }
        start = at + 1;
        open = 0;
      }
      open += chunk.length - start;
      keep(chunk.subarray(from, open > STRETCH_LIMIT ? Math.max(from, start) : chunk.length));
      return newlines;
    },
    lines(): string[] {
      const cutter = createLineCutter();
      const end = Buffer.concat(kept).subarray(-SAMPLE_BYTES);
      return [...cutter.add(end), ...cutter.end()].slice(1);
    },
  };
}

/** True for a line that was cut. */
export function isTooLong(line: string): boolean {
  return line.length > LINE_LIMIT;
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
      let line = lines[place] ?? '';
      if (line.charCodeAt(line.length - 1) === 13) line = line.slice(0, -1);
      lines[place] = isTooLong(line) ? line.slice(0, LINE_LIMIT + 1) : line;
    }
    return lines;
  }

  return {
    add(chunk: Buffer): string[] {
      const lines = decoder.write(chunk).split('\n');
      lines[0] = rest.length <= LINE_LIMIT + 1 ? rest + (lines[0] ?? '') : rest;
      rest = lines.pop() ?? '';
      return clean(lines);
    },
    end(): string[] {
      rest += decoder.end();
      return rest === '' ? [] : clean([rest]);
    },
  };
}
