import { encodeOnnx, lazyFloats, readSafetensors, toFloats, type SafeTensor } from '../../core/index.ts';
import { transformerUnsupported } from '../errors.ts';
import { bertGraph, type BertWeights } from './bert-graph.ts';
import { readBertShape } from './bert-shape.ts';

/** Names that checkpoints of before 2019 gave to the two vectors of a layer normalisation. */
const OLD_NAMES: readonly [RegExp, string][] = [
  [/LayerNorm\.weight$/, 'LayerNorm.gamma'],
  [/LayerNorm\.bias$/, 'LayerNorm.beta'],
];

/**
 * Turns a BERT or RoBERTa sequence classifier from the reference library's files into plain ONNX.
 * Halves the memory of a copy by making each tensor when it is written; the file itself is read in place.
 * @param weights - the bytes of `model.safetensors`
 * @param config - the parsed `config.json` beside it
 * @returns the bytes of a model as `bertGraph` describes it, float32
 * @throws AppError `SAFETENSORS_INVALID` for a broken file, `SENTIMENT_TRANSFORMER_UNSUPPORTED` for another network
 * @example
 * safetensorsToOnnx(await readFile('model.safetensors'), JSON.parse(await readFile('config.json', 'utf8')))
 */
export function safetensorsToOnnx(weights: Uint8Array, config: unknown): Uint8Array {
  return encodeOnnx(bertGraph(readBertShape(config), weightsOf(readSafetensors(weights))));
}

function weightsOf(tensors: ReadonlyMap<string, SafeTensor>): BertWeights {
  const find = (name: string, dims: readonly number[]) => {
    const found = [name, ...OLD_NAMES.map(([pattern, old]) => name.replace(pattern, old))]
      .map((candidate) => tensors.get(candidate))
      .find((tensor) => tensor !== undefined);
    if (found === undefined) {
      throw transformerUnsupported(
        `its weights lack ${name}`,
        'It must be a sequence classifier with the pooler and head of the reference library; a bare encoder has none.',
      );
    }
    if (found.shape.length !== dims.length || dims.some((size, axis) => found.shape[axis] !== size)) {
      throw transformerUnsupported(
        `${name} is ${found.shape.join(' x ')} where config.json asks for ${dims.join(' x ')}`,
        'config.json does not belong to these weights; fetch both again.',
      );
    }
    return found;
  };
  return {
    tensor(name, dims) {
      const found = find(name, dims);
      return lazyFloats(name, dims, () => toFloats(name, found));
    },
    dense(name, from, to) {
      const found = find(name, [to, from]);
      return lazyFloats(name, [from, to], () => transposed(toFloats(name, found), to, from));
    },
  };
}

/** @param matrix - shape (rows, columns), row by row */
function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(matrix.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      turned[column * rows + row] = matrix[row * columns + column] ?? NaN;
    }
  }
  return turned;
}
