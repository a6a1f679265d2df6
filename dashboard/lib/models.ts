import type { LiveModel, ModelsStatus, ScorerStatus } from '../../src/serving/contract.ts';
import { momentFrom, span } from './format.ts';

/** What is live at one horizon: the model that answers, and those that predict beside it. */
export interface HorizonModels {
  horizonMinutes: number;
  /** null before the first deployment. */
  champion: { arm: string; since: string | null; model: LiveModel | null } | null;
  shadows: LiveModel[];
}

export interface Expiry {
  /** `28 Nov, 00:01`, or `never`. */
  moment: string;
  /** `in 23 d`; null where there is no moment. */
  distance: string | null;
  isExpired: boolean;
}

/** What is live by horizon, shortest first; a horizon that has models but no champion is not left out. */
export function liveByHorizon(status: ModelsStatus): HorizonModels[] {
  const named = [...status.horizons, ...status.models].map(({ horizon_minutes }) => horizon_minutes);
  const horizons = [...new Set(named)].sort((left, right) => left - right);
  return horizons.map((horizonMinutes) => {
    const here = status.models.filter((model) => model.horizon_minutes === horizonMinutes);
    const named = status.horizons.find((entry) => entry.horizon_minutes === horizonMinutes);
    const arm = named?.champion ?? here.find((model) => model.is_champion)?.arm ?? null;
    const champion =
      arm === null
        ? null
        : { arm, since: named?.since ?? null, model: here.find((model) => model.arm === arm) ?? null };
    return { horizonMinutes, champion, shadows: here.filter((model) => model.arm !== arm) };
  });
}

/** Until when a model may answer at full standing, as seen from a moment; whether it has expired is the server's word. */
export function expiryOf(model: Pick<LiveModel, 'expires_at' | 'is_expired'>, now: number): Expiry {
  if (model.expires_at === null) return { moment: 'never', distance: null, isExpired: model.is_expired };
  const at = Date.parse(model.expires_at);
  const distance = model.is_expired ? `${span(now - at)} ago` : `in ${span(at - now)}`;
  return { moment: momentFrom(at, now), distance, isExpired: model.is_expired };
}

/** Live models past their expiry, champions first: each answers degraded until it is replaced. */
export function expiredModels(models: readonly LiveModel[]): LiveModel[] {
  return models
    .filter((model) => model.is_expired)
    .sort((left, right) => Number(right.is_champion) - Number(left.is_champion));
}

/** How a family of scorers stands, in a few words. */
export function scorerWords({ state, version, note, progress }: ScorerStatus): string {
  if (state === 'loading')
    return progress === undefined ? 'being made ready' : `being made ready: ${progress}`;
  if (state === 'unavailable') return 'not available';
  return [version, note].filter((word) => word !== undefined).join(', ');
}

/** Which arms read it. */
export function readerWords({ read_by: arms }: Pick<ScorerStatus, 'read_by'>): string {
  return arms.length === 0 ? 'read by no live arm' : `read by ${arms.join(', ')}`;
}
