import { AppError } from '../errors.ts';

/** The bytes are no ONNX model, or one that was cut off. */
export function onnxInvalid(problem: string): AppError {
  return new AppError({
    code: 'ONNX_INVALID',
    message: `This is no ONNX model that can be read: ${problem}. Fetch or export the file again; half a file reads like this too.`,
    status: 422,
    retryable: false,
    details: { problem },
  });
}

/** The model keeps weights in a file beside itself, which is not read. */
export function onnxExternalData(tensor: string, location: string): AppError {
  return new AppError({
    code: 'ONNX_EXTERNAL_DATA',
    message: `The tensor ${tensor} lies outside of the ONNX file, in ${location}. Save the model as one file: onnx.save_model(onnx.load(path), path, save_as_external_data=False).`,
    status: 422,
    retryable: false,
    details: { tensor, location },
  });
}

/** The model is sound, and not of a kind that this operation understands. */
export function onnxUnsupported(what: string, remedy: string): AppError {
  return new AppError({
    code: 'ONNX_UNSUPPORTED',
    message: `This ONNX model cannot be worked on: ${what}. ${remedy}`,
    status: 422,
    retryable: false,
    details: { what },
  });
}

/** The bytes are no safetensors file, or its header contradicts its contents. */
export function safetensorsInvalid(problem: string): AppError {
  return new AppError({
    code: 'SAFETENSORS_INVALID',
    message: `This is no safetensors file that can be read: ${problem}. Fetch the file again; half a file reads like this too. Pickle files (pytorch_model.bin, .pt) are never read, since opening one can run code.`,
    status: 422,
    retryable: false,
    details: { problem },
  });
}
