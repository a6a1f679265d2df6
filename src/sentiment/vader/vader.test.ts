import { describe, expect, it } from 'vitest';
import { describeScorer } from '../scorer.contract.ts';
import { createVader } from './vader.ts';
import { vaderPolarity } from './polarity.ts';

describeScorer('vader', createVader);

describe('createVader', () => {
  const one = async (text: string) => (await createVader().score([text]))[0]!;

  it('is vader 1.0.0', () => {
    const { family, version } = createVader();
    expect({ family, version }).toEqual({ family: 'vader', version: '1.0.0' });
  });

  it('takes the compound as the sentiment', async () => {
    const text = 'A great day, but a terrible week!';
    expect((await one(text)).sentiment).toBe(vaderPolarity(text).compound);
  });

  it('reads probabilities off the compound by softmax(-4c, 0.2, 4c)', async () => {
    // "good" alone has compound 0.4404 in the reference.
    const [down, flat, up] = [-4 * 0.4404, 0.2, 4 * 0.4404].map(Math.exp) as [number, number, number];
    const { probabilities, confidence } = await one('good');
    expect(probabilities.positive).toBeCloseTo(up / (up + flat + down), 12);
    expect(probabilities.neutral).toBeCloseTo(flat / (up + flat + down), 12);
    expect(probabilities.negative).toBeCloseTo(down / (up + flat + down), 12);
    expect(confidence).toBe(probabilities.positive);
  });

  it('calls a text neutral when nothing in it is rated', async () => {
    expect((await one('The report came on Tuesday')).label).toBe('neutral');
  });

  it('labels by the sign beyond a compound of 0.05', async () => {
    expect((await one('good')).label).toBe('positive');
    expect((await one('bad')).label).toBe('negative');
  });
});
