import { describe, expect, it } from 'vitest';
import type { LiveModel, ModelsStatus } from '../../src/serving/contract.ts';
import { expiredModels, expiryOf, liveByHorizon, unavailableWords } from './models.ts';

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
    unavailable: [],
    router: null,
    ...change,
  };
}

describe('unavailableWords', () => {
  it('names all families that are not there in one sentence', () => {
    const unavailable = ['linear', 'finbert'].map((family) => ({ family, reason: 'r', remedy: 'm' }));
    expect(unavailableWords(unavailable)).toBe('Not in this version: linear, finbert.');
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
