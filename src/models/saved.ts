import type { z } from 'zod';
import { modelInvalid } from './errors.ts';

/**
 * Reads the JSON of a saved model, strictly.
 * @throws AppError `MODEL_INVALID` naming each field that is wrong
 */
export function parseSaved<Saved>(family: string, schema: z.ZodType<Saved>, json: unknown): Saved {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw modelInvalid(
    family,
    result.error.issues.map((issue) => `${issue.path.join('.') || 'the whole'}: ${issue.message}`),
  );
}
