import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createFakeApp } from './fake-ports.ts';

type JsonSchema = Record<string, unknown>;
interface Operation {
  summary?: string;
  tags?: string[];
  parameters?: { name: string; in: string; schema: JsonSchema }[];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
  responses: Record<string, { description: string; content: Record<string, { schema: JsonSchema }> }>;
}
interface Document {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, JsonSchema & { examples: unknown[] }> };
}

describe('the OpenAPI document', () => {
  let app: FastifyInstance;
  let document: Document;
  let operations: Operation[];
  beforeAll(async () => {
    app = await createFakeApp();
    document = (await app.inject('/docs/json')).json();
    operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  });
  afterAll(() => app.close());

  it('is of version 3.1.0 and names every endpoint of the issue', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.info).toMatchObject({ title: 'Bellwether', version: '0.1.0' });
    expect(Object.keys(document.paths).sort()).toEqual([
      '/explain',
      '/features/latest',
      '/health',
      '/metrics',
      '/models/ablation',
      '/models/deploy',
      '/models/performance',
      '/models/rollback',
      '/models/select',
      '/models/status',
      '/predict',
      '/predict/compare',
      '/predict/cryptobert',
      '/predict/ensemble',
      '/predict/finbert',
      '/predict/linear',
      '/predict/vader',
      '/signal',
      '/signal/history',
    ]);
  });

  it('has a schema and words for every answer, and a schema for every parameter', () => {
    for (const operation of operations) {
      expect(operation.summary).toBeTruthy();
      expect(Object.keys(operation.responses)).toEqual(
        expect.arrayContaining(['200', '400', '429', '500', '503']),
      );
      for (const response of Object.values(operation.responses)) {
        expect(response.description).not.toBe('Default Response');
        for (const { schema } of Object.values(response.content))
          expect(Object.keys(schema).length).toBeGreaterThan(0);
      }
      for (const parameter of operation.parameters ?? []) {
        expect(parameter.in).toBe('query');
        expect(parameter.schema['type']).toBeTruthy();
      }
    }
  });

  it('refers only to what it holds, and holds only what it refers to', () => {
    const referred = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
      ([, name]) => name,
    );
    expect([...new Set(referred)].sort()).toEqual(Object.keys(document.components.schemas).sort());
  });

  it('uses the words of 3.1, not those of 3.0', () => {
    const text = JSON.stringify(document);
    expect(text).not.toContain('"nullable"');
    expect(text).not.toContain('"$defs"');
    expect(text).not.toContain('__SCHEMA__');
  });

  it('shows with every shape an example that fits it, as a reader of the document would check it', () => {
    const shapes = JSON.parse(
      JSON.stringify(document.components.schemas).replaceAll('#/components/schemas/', '#/$defs/'),
    ) as typeof document.components.schemas;
    for (const [name, { examples, ...schema }] of Object.entries(shapes)) {
      expect(examples.length, name).toBeGreaterThan(0);
      const reader = z.fromJSONSchema({ ...schema, $defs: shapes } as Parameters<typeof z.fromJSONSchema>[0]);
      for (const example of examples) expect(reader.safeParse(example).error, name).toBeUndefined();
    }
  });

  it('is shown at /docs by files of this origin alone', async () => {
    const page = await app.inject('/docs');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-security-policy']).toContain("script-src 'self';");
    expect(page.body).not.toMatch(/(?:src|href)="https?:/);
    const script = /src="(\/docs\/static\/swagger-ui-bundle\.js)"/.exec(page.body)?.[1] ?? '';
    expect((await app.inject(script)).statusCode).toBe(200);
    expect((await app.inject('/docs/static/swagger-initializer.js')).body).toContain('"validatorUrl":null');
  });
});
