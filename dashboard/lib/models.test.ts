import { describe, expect, it } from 'vitest';
import type { LiveModel, ModelsStatus, ScorerStatus } from '../../src/serving/contract.ts';
import { expiredModels, expiryOf, liveByHorizon, readerWords, scorerWords } from './models.ts';

const NOW = Date.parse('2022-11-05T00:01:00Z');

function live(change: Partial<LiveModel> = {}): LiveModel {
  return {
    arm: 'trees+vader',
    horizon_minutes: 60,
    model_version: 'trees@1.0.3',
    since: '2022-10-31T00:01:00Z',
    trained_at: '2022-10-31T00:01:00Z',
    expires_at: '2022-11-28T00:01:00Z',
    is_expired: false,
    is_champion: true,
    rows: 42_310,
    metrics: {},
    ...change,
  };
}

function status(change: Partial<ModelsStatus> = {}): ModelsStatus {
  return {
    asset: 'BTC-USD',
    at: '2022-11-05T00:01:00Z',
    horizons: [{ horizon_minutes: 60, champion: 'trees+vader', since: '2022-06-06T00:01:00Z' }],
    models: [live({ arm: 'trees+none', is_champion: false }), live()],
    gate: [],
    deployments: [],
    scorers: null,
    router: null,
    ...change,
  };
}

describe('a scorer', () => {
  const scorer = (change: Partial<ScorerStatus>): ScorerStatus => ({
    family: 'finbert',
    state: 'ready',
    read_by: [],
    ...change,
  });

  it('is told by its state, with what its user should know', () => {
    expect(scorerWords(scorer({ version: 'v1.0.0' }))).toBe('v1.0.0');
    expect(scorerWords(scorer({ version: 'v1.0.0', note: 'fp32' }))).toBe('v1.0.0, fp32');
    expect(scorerWords(scorer({ state: 'loading', progress: '3 of 9 MB' }))).toBe(
      'being made ready: 3 of 9 MB',
    );
    expect(scorerWords(scorer({ state: 'loading' }))).toBe('being made ready');
    expect(scorerWords(scorer({ state: 'unavailable', reason: 'r' }))).toBe('not available');
  });

  it('is told with the arms that read it', () => {
    expect(readerWords(scorer({ read_by: ['logistic+finbert', 'trees+finbert'] }))).toBe(
      'read by logistic+finbert, trees+finbert',
    );
    expect(readerWords(scorer({}))).toBe('read by no live arm');
  });
});

describe('liveByHorizon', () => {
  it('sets the champion with its model apart from the arms in its shadow', () => {
    const [hour] = liveByHorizon(status());
    expect(hour?.champion).toMatchObject({
      arm: 'trees+vader',
      since: '2022-06-06T00:01:00Z',
      model: { model_version: 'trees@1.0.3' },
    });
    expect(hour?.shadows.map(({ arm }) => arm)).toEqual(['trees+none']);
  });

  it('orders horizons from the shortest up and leaves none out that has models', () => {
    const models = [live({ horizon_minutes: 1_440, is_champion: false }), live()];
    const groups = liveByHorizon(status({ models }));
    expect(groups.map(({ horizonMinutes }) => horizonMinutes)).toEqual([60, 1_440]);
    expect(groups[1]).toMatchObject({ champion: null, shadows: [{ arm: 'trees+vader' }] });
  });

  it('knows no champion before the first deployment, and no model of one that is gone', () => {
    const horizons = [{ horizon_minutes: 60, champion: null, since: null }];
    expect(liveByHorizon(status({ horizons, models: [] }))[0]?.champion).toBeNull();
    expect(liveByHorizon(status({ models: [] }))[0]?.champion?.model).toBeNull();
  });
});

describe('expiry', () => {
  it('says when a model expires or expired, and takes the word of the server for which', () => {
    expect(expiryOf(live(), NOW)).toEqual({ moment: '28 Nov, 00:01', distance: 'in 23 d', isExpired: false });
    const late = expiryOf(live({ expires_at: '2022-11-04T00:01:00Z', is_expired: true }), NOW);
    expect(late).toEqual({ moment: '4 Nov, 00:01', distance: '1 d ago', isExpired: true });
    expect(expiryOf(live({ expires_at: null }), NOW)).toMatchObject({ moment: 'never', distance: null });
  });

  it('names expired champions before expired shadows, and nobody else', () => {
    const models = [
      live({ arm: 'trees+none', is_champion: false, is_expired: true }),
      live({ is_expired: true }),
      live({ arm: 'logistic+none', is_champion: false }),
    ];
    expect(expiredModels(models).map(({ arm }) => arm)).toEqual(['trees+vader', 'trees+none']);
  });
});
