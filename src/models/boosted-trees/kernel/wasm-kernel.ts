import { readFileSync } from 'node:fs';
import type { Kernel } from './kernel.ts';

let compiled: WebAssembly.Module | undefined;

/**
 * The kernel in WebAssembly with SIMD, over the given memory. Its binary is assembled from wasm-text.ts by
 * build-wasm.ts.
 */
export function createWasmKernel(memory: WebAssembly.Memory): Kernel {
  compiled ??= new WebAssembly.Module(readFileSync(new URL('./kernel.wasm', import.meta.url)));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernel;
}
