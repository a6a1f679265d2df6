import type { FastifyReply } from 'fastify';

/** Headers that say which price model answered, and from which entry of the ledger; pages may read them. */
export const PROVENANCE_HEADERS = ['x-price-model', 'x-deployment'] as const;

/** Writes them, so that a client can see that nothing is mixed; what is not known is left out. */
export function nameSource(
  reply: FastifyReply,
  source: { modelVersion: string | undefined; revision: number | null },
): void {
  if (source.modelVersion !== undefined) reply.header('x-price-model', source.modelVersion);
  if (source.revision !== null) reply.header('x-deployment', source.revision);
}
