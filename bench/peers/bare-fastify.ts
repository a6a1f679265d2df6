import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import {
  predictAnswerSchema,
  predictRequestSchema,
  signalQuerySchema,
  signalSchema,
  type PredictAnswer,
  type Signal,
} from '../../src/serving/contract.ts';

/**
 * Fastify and nothing else, with our schemas and our way to write JSON: node bare-fastify.ts ANSWERS.json
 * Prints one JSON line with its version and port when it listens, and ends when its standard input does.
 */
const answers = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as {
  signal: Signal;
  predict: PredictAnswer;
};
const app = Fastify().withTypeProvider<ZodTypeProvider>();
app.setValidatorCompiler(validatorCompiler);
app.setSerializerCompiler(() => JSON.stringify);
app.get(
  '/signal',
  { schema: { querystring: signalQuerySchema, response: { 200: signalSchema } } },
  async () => answers.signal,
);
app.post(
  '/predict/vader',
  { schema: { body: predictRequestSchema, response: { 200: predictAnswerSchema } } },
  async () => answers.predict,
);
await app.listen({ port: 0, host: '127.0.0.1' });
const { port } = app.server.address() as AddressInfo;
process.stdout.write(`${JSON.stringify({ fastify: app.version, port: String(port) })}\n`);
process.stdin.on('end', () => process.exit()).resume();
