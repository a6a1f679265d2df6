import { writeFileSync } from 'node:fs';
import wabt from 'wabt';
import { wasmText } from './wasm-text.ts';

/** The binary of the kernel's text: the same bytes on every machine. */
export async function assembleKernel(): Promise<Uint8Array> {
  const { parseWat } = await wabt();
  const features = { threads: true, simd: true, bulk_memory: true };
  const module = parseWat('kernel.wat', wasmText(), features);
  try {
    return module.toBinary({}).buffer;
  } finally {
    module.destroy();
  }
}

if (import.meta.main) writeFileSync(new URL('./kernel.wasm', import.meta.url), await assembleKernel());
