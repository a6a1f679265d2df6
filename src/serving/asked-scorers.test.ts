import { describe, expect, it } from 'vitest';
import { silentLog } from '../core/index.ts';
import { scorerName } from '../sentiment/index.ts';
import { askAside, championScorers, requireScorer } from './asked-scorers.ts';
import { readersOfArms } from './fake-models.ts';
import { createFakeScorer, createFakeScorers } from './fake-scorers.ts';

const scorers = createFakeScorers({
  ready: [createFakeScorer(), createFakeScorer({ family: 'linear', version: '1.2.0' })],
  older: [createFakeScorer({ family: 'linear' })],
});

describe('who reads a text for the champion', () => {
  const names = (champion: string, arms: string[]) =>
    [...championScorers(scorers, readersOfArms(champion, arms))].map(scorerName);

  it('is the version that it was trained on, then what other live arms read, then whoever is there', () => {
    expect(names('trees+linear', ['trees+linear', 'trees+vader'])).toEqual([
      'linear@1.0.0',
      'vader@1.0.0',
      'linear@1.2.0',
    ]);
  });

  it('is VADER where it reads none, and never one that is not loaded', () => {
    expect(names('trees+none', [])).toEqual(['vader@1.0.0', 'linear@1.2.0']);
    expect(names('trees+finbert', ['trees+finbert'])).toEqual(['vader@1.0.0', 'linear@1.2.0']);
  });
});

describe('a scorer that is asked for', () => {
  it('is the one that answers, or the reason why there is none', () => {
    expect(scorerName(requireScorer(scorers, 'linear'))).toBe('linear@1.2.0');
    expect(() => requireScorer(scorers, 'finbert')).toThrow(/never trained\. Train it\./);
    expect(() => requireScorer(scorers, 'gpt')).toThrow(/vader, linear, finbert, cryptobert, ensemble/);
  });
});

describe('a scorer that is asked beside another', () => {
  const scorer = createFakeScorer({ family: 'finbert' });

  it('is not waited for longer than somebody would wait', async () => {
    const never = () => new Promise<never>(() => {});
    const { given, silence } = await askAside(scorer, never, { log: silentLog, patienceMs: 5 });
    expect([given, silence?.scorer, silence?.reason]).toEqual([null, 'finbert', 'No answer within 0.005 s.']);
  });

  it('never throws, and tells a fault inside to the log alone', async () => {
    const told: object[] = [];
    const log = { ...silentLog, error: (facts: object) => told.push(facts) };
    const fail = () => Promise.reject(new Error('secret'));
    const { silence } = await askAside(scorer, fail, { log });
    expect(JSON.stringify(silence)).not.toContain('secret');
    expect(told).toEqual([{ scorer: 'finbert@1.0.0', reason: 'secret' }]);
  });
});
