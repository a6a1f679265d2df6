import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { KEY_SCHEMES } from './admission.ts';
import { pagePolicy } from './security-headers.ts';

const DESCRIPTION =
  'Direction and sentiment of Bitcoin, with what was known when. Moments are ISO 8601 in UTC. ' +
  'Every error is { "error": { "code", "message", "request_id" } }. Nothing here is investment advice.';

const STATUS_WORDS: Record<string, string> = {
  200: 'The answer',
  400: 'The request does not fit; the message names the field',
  401: 'No key, or one that opens nothing here',
  403: 'The role of the key is not enough',
  404: 'Nothing is there',
  409: 'It does not go with how things stand',
  413: 'The body is too large',
  415: 'The body is not JSON',
  422: 'It cannot be used',
  429: 'Too many requests from this address',
  500: 'A fault inside',
  503: 'Not now; Retry-After says when',
};

type JsonObject = Record<string, unknown>;

/** Writes the OpenAPI 3.1 document from the routes' schemas, and shows it at `/docs`. Register before the routes. */
export async function registerDocs(app: FastifyInstance, version: string): Promise<void> {
  const zodToJsonConfig = { override: plainer };
  const named = createJsonSchemaTransformObject({ zodToJsonConfig });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Bellwether', version, description: DESCRIPTION },
      components: { securitySchemes: KEY_SCHEMES },
    },
    transform: createJsonSchemaTransform({ zodToJsonConfig }),
    transformObject: (document) => {
      const complete = named(document) as unknown as JsonObject;
      return describeAnswers(withoutUnused(complete)) as unknown as ReturnType<typeof named>;
    },
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { docExpansion: 'list', tryItOutEnabled: true, validatorUrl: null } as JsonObject,
    staticCSP: pagePolicy([]),
  });
}

/** What zod says of moments and whole numbers beyond their format is noise to a reader. */
function plainer({ jsonSchema }: { jsonSchema: JsonObject }): void {
  if (jsonSchema['format'] === 'date-time') delete jsonSchema['pattern'];
  if (jsonSchema['maximum'] === Number.MAX_SAFE_INTEGER) delete jsonSchema['maximum'];
}

/**
 * The writer of the schemas names each one twice, for coming in and for going out; half of them nobody uses. A shape
 * that only an unused one refers to goes with it.
 */
function withoutUnused(document: JsonObject): JsonObject {
  const components = (document['components'] ?? {}) as { schemas?: JsonObject };
  const schemas = Object.entries(components.schemas ?? {});
  const others = JSON.stringify({ ...document, components: { ...components, schemas: {} } });
  const used = new Set<string>();
  const read = [others];
  for (let text = read.pop(); text !== undefined; text = read.pop()) {
    for (const [name, schema] of schemas) {
      if (used.has(name) || !text.includes(`"#/components/schemas/${name}"`)) continue;
      used.add(name);
      read.push(JSON.stringify(schema));
    }
  }
  const kept = schemas.filter(([name]) => used.has(name));
  return { ...document, components: { ...components, schemas: Object.fromEntries(kept) } };
}

/** Words for every status, in place of "Default Response". */
function describeAnswers(document: JsonObject): JsonObject {
  const paths = (document['paths'] ?? {}) as Record<string, Record<string, { responses?: JsonObject }>>;
  for (const operation of Object.values(paths).flatMap((path) => Object.values(path))) {
    for (const [status, response] of Object.entries(operation.responses ?? {})) {
      const answer = response as { description?: string };
      if (answer.description === 'Default Response')
        answer.description = STATUS_WORDS[status] ?? 'The answer';
    }
  }
  return document;
}
