import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { messageOf } from '../core/index.ts';
import { backupDamaged, backupUnreadable } from './errors.ts';
import { hashFile } from './folder-copy.ts';

/** What the folder of a backup is laid out as; another number is another layout. */
export const BACKUP_FORMAT = 1;
export const BACKUP_MANIFEST = 'manifest.json';

/** Names with slashes, downwards only: a manifest from elsewhere must not lead out of a folder. */
const INNER_PATH = /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[^/\\\0]+(?:\/[^/\\\0]+)*$/u;
const FOLDER_NAME = /^[a-z][a-z0-9-]*$/;

const partSchema = z.strictObject({
  /** Below the backup's folder, with slashes. */
  path: z.string().regex(INNER_PATH, 'leads out of the backup'),
  bytes: z.number().int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type BackupPart = z.infer<typeof partSchema>;

const contentSchema = z.strictObject({
  format: z.literal(BACKUP_FORMAT),
  /** Version of Bellwether that made it. */
  program: z.string(),
  createdAt: z.iso.datetime(),
  workspace: z.string(),
  /** Per module the `when` of each migration that had been carried out. */
  migrations: z.record(z.string(), z.array(z.number())),
  tables: z.array(
    z.strictObject({
      name: z.string(),
      /** What a line of the part holds, in order. */
      columns: z.array(z.string()),
      rows: z.number().int().min(0),
      part: partSchema,
    }),
  ),
  sequences: z.array(
    z.strictObject({
      name: z.string(),
      lastValue: z.string().regex(/^-?\d+$/),
      isCalled: z.boolean(),
    }),
  ),
  folders: z.array(z.strictObject({ name: z.string().regex(FOLDER_NAME), files: z.array(partSchema) })),
});
export type BackupContent = z.infer<typeof contentSchema>;

const manifestSchema = contentSchema.extend({
  /** Of all the above as JSON. */
  sha256: z.string(),
});

/** Written last, so that a folder with a manifest is a whole backup. @returns its hash, which names the backup */
export async function writeBackupManifest(folder: string, content: BackupContent): Promise<string> {
  const sha256 = digestOf(content);
  const text = `${JSON.stringify({ ...content, sha256 }, null, 1)}\n`;
  await writeFile(join(folder, BACKUP_MANIFEST), text, { flush: true });
  return sha256;
}

/**
 * Reads what a backup says of itself.
 * @throws AppError `BACKUP_UNREADABLE` when there is none or its layout is another, `BACKUP_DAMAGED` when somebody
 *   changed it
 */
export async function readBackupManifest(folder: string): Promise<BackupContent> {
  const path = join(folder, BACKUP_MANIFEST);
  if (!existsSync(path)) throw backupUnreadable(folder, `it holds no ${BACKUP_MANIFEST}`);
  const { sha256, ...content } = parseManifest(folder, await readText(folder, path));
  if (digestOf(content) !== sha256) throw backupDamaged(path, 'its hash is not the one that it names');
  return content;
}

/** All files of a backup beside its manifest. */
export function partsOf({ tables, folders }: BackupContent): BackupPart[] {
  return [...tables.map(({ part }) => part), ...folders.flatMap(({ files }) => files)];
}

/**
 * Holds every part against its hash.
 * @param onPart - told after each how many bytes were read and how many there are
 * @throws AppError `BACKUP_DAMAGED` naming the first part that is missing or changed
 */
export async function verifyBackup(
  folder: string,
  content: BackupContent,
  onPart: (doneBytes: number, totalBytes: number) => void,
): Promise<void> {
  const parts = partsOf(content);
  const totalBytes = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  let doneBytes = 0;
  for (const { path, bytes, sha256 } of parts) {
    const found = await hashFile(join(folder, path)).catch((error: unknown) => {
      throw backupDamaged(join(folder, path), messageOf(error));
    });
    if (found !== sha256) throw backupDamaged(join(folder, path), 'its hash is not the one of the manifest');
    doneBytes += bytes;
    onPart(doneBytes, totalBytes);
  }
}

/** The rows of a table's part, a line each. */
export async function* linesOf(path: string): AsyncGenerator<string> {
  const unpacked = createGunzip();
  const reading = pipeline(createReadStream(path), unpacked);
  // What fails in it comes out of the loop below; a reader that stops early is no failure.
  reading.catch(() => {});
  // Not by readline, which also breaks lines at signs that may stand in a text.
  let rest = '';
  for await (const chunk of unpacked.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

function parseManifest(folder: string, text: string): z.infer<typeof manifestSchema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw backupUnreadable(folder, `its ${BACKUP_MANIFEST} is no JSON (${messageOf(error)})`);
  }
  const format = z.looseObject({ format: z.number() }).safeParse(value);
  if (format.success && format.data.format !== BACKUP_FORMAT) {
    throw backupUnreadable(
      folder,
      `its layout is number ${format.data.format}, this version knows ${BACKUP_FORMAT}`,
    );
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw backupUnreadable(
    folder,
    `${BACKUP_MANIFEST} ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
  );
}

async function readText(folder: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw backupUnreadable(folder, messageOf(error));
  }
}

/** The schema decides the order of the keys, so the same content always has the same hash. */
function digestOf(content: BackupContent): string {
  return createHash('sha256')
    .update(JSON.stringify(contentSchema.parse(content)))
    .digest('hex');
}
