import { z } from 'zod';
import { transformerUnsupported } from '../errors.ts';

const EXPORT_REMEDY =
  'Export it to ONNX with the library that made it (optimum-cli export onnx --task text-classification) and give that file instead.';

/** What a layer does between its two dense parts, by the names that configurations use. */
const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  gelu: 'gelu',
  gelu_new: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh',
  gelu_fast: 'gelu-tanh',
  relu: 'relu',
};
/** All of these are RoBERTa to the last tensor, with another vocabulary. */
const KINDS: Readonly<Record<string, BertShape['kind']>> = {
  bert: 'bert',
  roberta: 'roberta',
  'xlm-roberta': 'roberta',
  camembert: 'roberta',
};

export type Activation = 'gelu' | 'gelu-tanh' | 'relu';

/** Everything about a BERT or RoBERTa classifier but its weights. */
export interface BertShape {
  /** RoBERTa counts positions behind its padding id and has its own head. */
  kind: 'bert' | 'roberta';
  vocabulary: number;
  hidden: number;
  layers: number;
  heads: number;
  intermediate: number;
  /** Rows of the position table. */
  positions: number;
  /** Rows of the table of token types. */
  types: number;
  padId: number;
  epsilon: number;
  activation: Activation;
  /** Classes. */
  labels: number;
}

const count = z.number().int().positive();
const configSchema = z.object({
  model_type: z.string(),
  vocab_size: count,
  hidden_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  intermediate_size: count,
  max_position_embeddings: count,
  type_vocab_size: count.default(2),
  pad_token_id: z.number().int().nonnegative().nullish(),
  layer_norm_eps: z.number().positive().default(1e-12),
  hidden_act: z.string().default('gelu'),
  position_embedding_type: z.string().nullish(),
  is_decoder: z.boolean().default(false),
  embedding_size: count.optional(),
  num_labels: count.optional(),
  id2label: z.record(z.string(), z.string()).optional(),
});

/** A class count that the library assumes where a configuration does not name its classes. */
const DEFAULT_LABELS = 2;

/**
 * Reads the shape from the `config.json` of a sequence classifier.
 * @param config - the parsed JSON
 * @throws AppError `SENTIMENT_TRANSFORMER_UNSUPPORTED` naming what is not understood
 */
export function readBertShape(config: unknown): BertShape {
  const parsed = configSchema.safeParse(config);
  if (!parsed.success) {
    const fields = parsed.error.issues.map((issue) => issue.path.join('.') || 'everything').join(', ');
    throw transformerUnsupported(`its config.json is not that of a BERT (${fields})`, EXPORT_REMEDY);
  }
  const fields = parsed.data;
  const kind = KINDS[fields.model_type];
  const activation = ACTIVATIONS[fields.hidden_act];
  const known = Object.keys(KINDS).join(', ');
  if (kind === undefined) {
    throw transformerUnsupported(`it is a ${fields.model_type}; known are ${known}`, EXPORT_REMEDY);
  }
  if (activation === undefined) {
    throw transformerUnsupported(`its activation ${fields.hidden_act} is unknown`, EXPORT_REMEDY);
  }
  refuseVariants(fields);
  return {
    kind,
    vocabulary: fields.vocab_size,
    hidden: fields.hidden_size,
    layers: fields.num_hidden_layers,
    heads: fields.num_attention_heads,
    intermediate: fields.intermediate_size,
    positions: fields.max_position_embeddings,
    types: fields.type_vocab_size,
    padId: fields.pad_token_id ?? (kind === 'bert' ? 0 : 1),
    epsilon: fields.layer_norm_eps,
    activation,
    labels: fields.num_labels ?? (Object.keys(fields.id2label ?? {}).length || DEFAULT_LABELS),
  };
}

function refuseVariants(fields: z.infer<typeof configSchema>): void {
  const positions = fields.position_embedding_type ?? 'absolute';
  if (positions !== 'absolute') {
    throw transformerUnsupported(`its position embeddings are ${positions}, not absolute`, EXPORT_REMEDY);
  }
  if (fields.is_decoder) throw transformerUnsupported('it is a decoder', EXPORT_REMEDY);
  if (fields.embedding_size !== undefined && fields.embedding_size !== fields.hidden_size) {
    throw transformerUnsupported('its embeddings are narrower than its layers', EXPORT_REMEDY);
  }
  if (fields.hidden_size % fields.num_attention_heads !== 0) {
    throw transformerUnsupported(
      `${fields.num_attention_heads} heads do not divide a width of ${fields.hidden_size}`,
      'Its config.json does not belong to its weights; fetch both again.',
    );
  }
}
