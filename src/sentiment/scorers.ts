import type { Scorer } from './scorer.ts';

/** Every family of scorers, in the order in which they are shown and compared. */
export const SCORER_FAMILIES = ['vader', 'linear', 'finbert', 'cryptobert', 'ensemble'] as const;

/** A family of scorers as it stands now. */
export type ScorerState =
  | {
      family: string;
      state: 'ready';
      scorer: Scorer;
      /** What its user should know, such as "fp32". */ note: string | null;
    }
  /** It is being fetched, verified or warmed up. */
  | { family: string; state: 'loading'; progress: string }
  | { family: string; state: 'unavailable'; reason: string; remedy: string };

/** The scorers of a running system. What is not there is unavailable with its reason; the rest goes on. */
export interface Scorers {
  /** One for each of `SCORER_FAMILIES`, in their order. */
  all(): readonly ScorerState[];
  /** The version of a family that answers. @returns null for a family that nobody knows */
  of(family: string): ScorerState | null;
  /**
   * A scorer by `family@version`, also one that answers no more but is still read by a live price model.
   * @returns null when it is not loaded
   */
  named(name: string): Scorer | null;
}
