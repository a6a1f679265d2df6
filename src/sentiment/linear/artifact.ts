import { z } from 'zod';
import { isAppError, messageOf } from '../../core/index.ts';
import { artifactInvalid } from '../errors.ts';
import type { ScorerFiles } from '../scorer-family.ts';
import { SENTIMENTS } from '../scorer.ts';
import type { LinearWeights } from './model.ts';
import { BUCKETS } from './ngrams.ts';
import { readTensor, writeTensors, type Tensor } from './safetensors.ts';

const DESCRIPTION = 'linear.json';
const WEIGHTS = 'weights.safetensors';
const MOST_SCALE = 65_535;
const MOST_WEIGHT = 32_767;

/** Everything that a reader must share with the writer to read texts alike. */
const READING = { version: 1, buckets: BUCKETS } as const;

const descriptionSchema = z.object({
  format: z.literal('bellwether-linear'),
  reading: z.object({
    version: z.literal(READING.version),
    buckets: z.literal(READING.buckets),
  }),
  /** Log-odds; null for a sentiment that the training never saw. */
  intercepts: z.record(z.enum(SENTIMENTS), z.number().nullable()),
  temperature: z.number().positive(),
  /** What one step of the whole numbers in the weights file stands for. */
  scaleStep: z.number().nonnegative(),
  weightStep: z.number().nonnegative(),
});

/** The two files of a version: a description as JSON and the weights as 16-bit whole numbers. */
export function writeArtifact(model: LinearWeights): Map<string, Uint8Array> {
  const size = model.buckets.length;
  const scaleStep = largestOf(model.scales) / MOST_SCALE;
  const weightStep = largestOf(model.weights) / MOST_WEIGHT;
  const inSteps = (value: number, step: number) => (step === 0 ? 0 : Math.round(value / step));
  const description: z.infer<typeof descriptionSchema> = {
    format: 'bellwether-linear',
    reading: READING,
    intercepts: {
      negative: finiteOrNull(model.intercepts[0]),
      neutral: finiteOrNull(model.intercepts[1]),
      positive: finiteOrNull(model.intercepts[2]),
    },
    temperature: model.temperature,
    scaleStep,
    weightStep,
  };
  const tensors = new Map<string, Tensor>([
    ['buckets', { shape: [size], values: model.buckets }],
    ['scales', { shape: [size], values: Uint16Array.from(model.scales, (one) => inSteps(one, scaleStep)) }],
    [
      'weights',
      {
        shape: [size, SENTIMENTS.length],
        values: Int16Array.from(model.weights, (one) => inSteps(one, weightStep)),
      },
    ],
  ]);
  return new Map([
    [DESCRIPTION, Buffer.from(`${JSON.stringify(description, null, 2)}\n`)],
    [WEIGHTS, writeTensors(tensors)],
  ]);
}

/** @throws AppError `SENTIMENT_ARTIFACT_INVALID`, or what reading the files throws */
export async function readArtifact(files: ScorerFiles): Promise<LinearWeights> {
  for (const name of [DESCRIPTION, WEIGHTS]) {
    if (!files.names.includes(name)) throw artifactInvalid('linear', `it has no file ${name}`);
  }
  const [description, weights] = [await files.read(DESCRIPTION), await files.read(WEIGHTS)];
  try {
    return parseArtifact(description, weights);
  } catch (error) {
    if (isAppError(error)) throw error;
    throw artifactInvalid('linear', messageOf(error), error);
  }
}

function parseArtifact(description: Uint8Array, file: Uint8Array): LinearWeights {
  const parsed = descriptionSchema.safeParse(JSON.parse(Buffer.from(description).toString('utf8')));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new RangeError(
      `in ${DESCRIPTION}, ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not understood'}`,
    );
  }
  const { intercepts, temperature, scaleStep, weightStep } = parsed.data;
  const buckets = readTensor(file, 'buckets').values;
  const scales = readTensor(file, 'scales').values;
  const weights = readTensor(file, 'weights').values;
  if (new Set(buckets).size < buckets.length || buckets.some((bucket) => bucket >= BUCKETS)) {
    throw new RangeError(`in ${WEIGHTS}, the buckets are not different numbers below ${BUCKETS}`);
  }
  if (scales.length !== buckets.length || weights.length !== buckets.length * SENTIMENTS.length) {
    throw new RangeError(`in ${WEIGHTS}, buckets, scales and weights are not of one length`);
  }
  return {
    buckets: Uint32Array.from(buckets),
    scales: Float64Array.from(scales, (steps) => steps * scaleStep),
    weights: Float64Array.from(weights, (steps) => steps * weightStep),
    intercepts: Float64Array.from(SENTIMENTS, (label) => intercepts[label] ?? -Infinity),
    temperature,
  };
}

function largestOf(values: Float64Array): number {
  return values.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
}

function finiteOrNull(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
