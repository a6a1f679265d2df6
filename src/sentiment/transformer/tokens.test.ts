import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TINY, tinyJson, tinyReference, type TinyName } from './fixtures/tiny-models.ts';
import { createTokens } from './tokens.ts';

const NEWS = resolve(import.meta.dirname, '../../../../shared/data/history/news.jsonl.gz');
const MEGABYTE = 1_000_000;
/** Beyond several windows. */
const LONG = 100_000;

function tokensOf(
  name: TinyName,
  { maxTokens = 512, windowCharacters }: { maxTokens?: number; windowCharacters?: number } = {},
) {
  const tokenizer = tinyJson(name, 'tokenizer.json');
  const settings = tinyJson(name, 'tokenizer_config.json');
  return createTokens({ tokenizer, settings, maxTokens, ...(windowCharacters && { windowCharacters }) });
}

describe.each(TINY)('the tokens of %s', (name) => {
  const { cases } = tinyReference(name);
  const tokens = tokensOf(name);

  it.each(
    cases.map(({ text, repeat = 1, ids }) => ({ text: text.repeat(repeat), shown: text.slice(0, 40), ids })),
  )('are those of the reference: $shown', ({ text, ids }) => {
    expect(tokens.encode(text)).toEqual(ids);
  });

  it('read half a surrogate pair as the sign for what cannot be read', () => {
    expect(tokens.encode('up \uD83D down')).toEqual(tokens.encode('up \uFFFD down'));
  });

  it('are the same whether a long text is read whole or only as far as it matters', () => {
    const whole = tokensOf(name, { maxTokens: 20, windowCharacters: Infinity });
    const piece = fc.constantFrom(
      ...[
        'bitcoin',
        ' ',
        '  ',
        '\n',
        'surges',
        '12.5%',
        "'s",
        '!',
        '🚀',
        '👨‍👩‍👧',
        'é',
        'e\u0301',
        '比特币',
        '\u200b',
      ],
      ...[
        'עולה',
        'a'.repeat(50),
        '[SEP]',
        '<mask>',
        '</s>',
        '\uD800',
        '-',
        '\t',
        'I’m',
        '0x1f',
        'ﬁ',
        '\u0000',
      ],
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 400 }),
        fc.integer({ min: 40, max: 300 }),
        (pieces, windowCharacters) => {
          const text = pieces.join('');
          const cut = tokensOf(name, { maxTokens: 20, windowCharacters });
          expect(cut.encode(text)).toEqual(whole.encode(text));
        },
      ),
      { seed: 5, numRuns: 150 },
    );
  });

  it.each([
    ['words', 'bitcoin rallies again '],
    ['one word', 'a'],
    ['emptiness', ' '],
    ['rockets', '🚀'],
    ['nothing visible', '\u200b'],
    ['marks', '!?'],
  ])('of a long text of %s are those of the whole, and a megabyte is read, too', (_, piece) => {
    const whole = tokensOf(name, { windowCharacters: Infinity });
    const long = piece.repeat(LONG / piece.length);
    expect(tokens.encode(long)).toEqual(whole.encode(long));
    // Measured: at most 1.4 s of processor time, for one word without end; what has ends takes 0.1 s.
    expect(tokens.encode(piece.repeat(MEGABYTE / piece.length)).length).toBeLessThanOrEqual(512);
  });

  it.skipIf(!existsSync(NEWS))(
    'of 5,000 real headlines are those of the reference (skipped without the shared data)',
    () => {
      const { headlines } = tinyReference(name) as unknown as {
        headlines: { count: number; tokens: number; idsSha256: string };
      };
      const lines = gunzipSync(readFileSync(NEWS)).toString('utf8').split('\n').slice(0, headlines.count);
      const ids = lines.map((line) => tokens.encode((JSON.parse(line) as { title: string }).title));
      expect(ids.flat().length).toBe(headlines.tokens);
      const listed = ids.map((row) => row.join(' ')).join('\n');
      expect(createHash('sha256').update(listed).digest('hex')).toBe(headlines.idsSha256);
    },
  );
});

const BERT = resolve(
  import.meta.dirname,
  '../../../../shared/data/tokenizer/bert-base-uncased.tokenizer.json',
);

describe.skipIf(!existsSync(NEWS) || !existsSync(BERT))(
  'the tokens of BERT itself (skipped without the shared data)',
  () => {
    it('are those of the reference on every real headline', () => {
      const tokenizer = JSON.parse(readFileSync(BERT, 'utf8')) as object;
      const tokens = createTokens({ tokenizer, settings: {}, maxTokens: 512 });
      const lines = gunzipSync(readFileSync(NEWS)).toString('utf8').trimEnd().split('\n');
      const listed = lines.map((line) =>
        tokens.encode((JSON.parse(line) as { title: string }).title).join(' '),
      );
      // Of the same list made with Python's tokenizers 0.23.3.
      const expected = '6161303ed698ccd8ff1e34e632fc6c6ad558f7709312fb3c5f1cff46337fcf6d';
      expect(createHash('sha256').update(listed.join('\n')).digest('hex')).toBe(expected);
    });
  },
);
