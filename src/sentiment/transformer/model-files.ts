/** Which files of a folder or a repository a model is read from; paths with "/". */
export interface ModelFiles {
  /** Of the network: an ONNX file, or weights that are turned into one. */
  weights: { path: string; format: 'onnx' | 'safetensors' };
  config: string;
  tokenizer: string;
  /** What belongs to them where it is there: tensors outside of an ONNX file, settings of the tokenizer. */
  companions: string[];
}

/** What is missing, and what would help: whole clauses. */
export interface MissingFiles {
  problem: string;
  remedy: string;
}

/** The first that is there counts: one file of full precision, which is made smaller here and measured while it is. */
const ONNX_PLACES = ['model.onnx', 'onnx/model.onnx', 'onnx/model_quantized.onnx', 'model_quantized.onnx'];
const SAFETENSORS = 'model.safetensors';
const CONFIG = 'config.json';
const TOKENIZER = 'tokenizer.json';
const TOKENIZER_SETTINGS = 'tokenizer_config.json';
const PICKLE = /\.(?:bin|pt|pth|ckpt|pkl)$/;

/** Finds the files of a model among paths, or says which are missing and what to do. */
export function findModelFiles(paths: readonly string[]): ModelFiles | MissingFiles {
  const present = new Set(paths);
  const weights = findWeights(present);
  if (weights === null) return missingWeights(paths);
  for (const needed of [CONFIG, TOKENIZER]) {
    if (!present.has(needed)) return { problem: `${needed} is not there`, remedy: remedyFor(needed) };
  }
  const companions = [`${weights.path}_data`, TOKENIZER_SETTINGS].filter((path) => present.has(path));
  return { weights, config: CONFIG, tokenizer: TOKENIZER, companions };
}

function findWeights(present: ReadonlySet<string>): ModelFiles['weights'] | null {
  const onnx = ONNX_PLACES.find((path) => present.has(path));
  if (onnx !== undefined) return { path: onnx, format: 'onnx' };
  return present.has(SAFETENSORS) ? { path: SAFETENSORS, format: 'safetensors' } : null;
}

function missingWeights(paths: readonly string[]): MissingFiles {
  const pickle = paths.find((path) => PICKLE.test(path));
  if (pickle === undefined) {
    return {
      problem: `there is neither ${ONNX_PLACES.slice(0, 2).join(' nor ')} nor ${SAFETENSORS}`,
      remedy: 'Give a folder or a repository that holds one of them.',
    };
  }
  return {
    problem: `its weights are only there as a pickle file (${pickle}), which can run any code when it is opened`,
    remedy:
      'Convert it where that may happen (in Python: AutoModelForSequenceClassification.from_pretrained(...).save_pretrained(folder, safe_serialization=True)) and give the folder that holds model.safetensors, config.json and tokenizer.json.',
  };
}

function remedyFor(needed: string): string {
  return needed === TOKENIZER
    ? 'In Python, AutoTokenizer.from_pretrained(...).save_pretrained(folder) writes it; put it beside the weights.'
    : 'Put the one that belongs to the weights beside them.';
}
