import { isAppError, messageOf } from '../../core/index.ts';
import { scorerUnavailable } from '../errors.ts';
import { scorerName, type Score, type Scorer } from '../scorer.ts';
import { combine, concordOf, equalCombination, type Combination, type Concord } from './combination.ts';

/** A score with what its members said of each other. */
export interface EnsembleScore extends Score, Concord {
  /** `family@version` of the members that it comes from. */
  answered: readonly string[];
  /** Members that did not answer, and why. */
  missing: readonly { member: string; reason: string }[];
}

/** A scorer made of scorers. */
export interface Ensemble extends Scorer {
  /**
   * Goes on with the members that answer.
   * @throws AppError `SENTIMENT_OVERLOADED` or `SENTIMENT_UNAVAILABLE` when none does
   */
  score(texts: readonly string[]): Promise<EnsembleScore[]>;
}

/** A fitted ensemble: a combination for each set of members that may be left. */
export interface EnsembleWeights {
  /** `family@version`; combinations number them in this order. */
  members: readonly string[];
  combinations: readonly Combination[];
}

/** The version of an ensemble that nobody has fitted: all members count alike. */
const UNFITTED = '1.0.0';

type Answer = { member: string; scores: Score[] } | { member: string; error: unknown };

/**
 * Combines scorers; all are asked at the same time. Unfitted it is a logarithmic opinion pool of equal shares, 1.0.0.
 * The members stay their owner's: closing the ensemble does not close them.
 * @param fitted - weights and version from a training; a fitted member that is not handed in counts as missing, and a
 *   member that no fit knows is not asked
 * @example (await createEnsemble({ members: [createVader()] }).score(['Bitcoin soars']))[0]?.agreement // 1
 * @throws RangeError when there is no member, or two are of one family
 */
export function createEnsemble({
  members,
  fitted = null,
}: {
  members: readonly Scorer[];
  fitted?: { weights: EnsembleWeights; version: string } | null;
}): Ensemble {
  requireMembers(members);
  const names = fitted?.weights.members ?? members.map(scorerName);
  const combinations = new Map(fitted?.weights.combinations.map((one) => [one.members.join(), one]));
  const asked = names.map((name) => ({ name, scorer: members.find((one) => scorerName(one) === name) }));
  const own = { family: 'ensemble', version: fitted?.version ?? UNFITTED };
  return {
    ...own,
    lasting: {
      ...own,
      async score(texts) {
        const answers = await Promise.all(
          asked.map(({ name, scorer }) => ask(name, scorer?.lasting ?? scorer, texts)),
        );
        if (answers.some((answer) => 'error' in answer)) throw notAllAnswered(answers);
        return combineAnswers(answers, texts);
      },
    },
    async score(texts) {
      if (texts.length === 0) return [];
      return combineAnswers(
        await Promise.all(asked.map(({ name, scorer }) => ask(name, scorer, texts))),
        texts,
      );
    },
  };

  function combineAnswers(answers: readonly Answer[], texts: readonly string[]): EnsembleScore[] {
    const there = answers.flatMap((answer, number) => ('scores' in answer ? [{ ...answer, number }] : []));
    if (there.length === 0) throw notAllAnswered(answers);
    const numbers = there.map(({ number }) => number);
    const combination = combinations.get(numbers.join()) ?? equalCombination(numbers);
    const answered = there.map(({ member }) => member);
    const missing = answers.flatMap((answer) =>
      'error' in answer ? [{ member: answer.member, reason: messageOf(answer.error) }] : [],
    );
    return texts.map((_, place) => {
      const scores = there.flatMap((answer) => answer.scores[place] ?? []);
      const score = combine(combination, scores);
      return { ...score, ...concordOf(score.label, scores), answered, missing };
    });
  }
}

async function ask(member: string, scorer: Scorer | undefined, texts: readonly string[]): Promise<Answer> {
  if (scorer === undefined) return { member, error: new Error('it is not available now') };
  try {
    const scores = await scorer.score(texts);
    if (scores.length === texts.length) return { member, scores };
    return { member, error: new RangeError(`it gave ${scores.length} scores for ${texts.length} texts`) };
  } catch (error) {
    return { member, error };
  }
}

/** Where none has answered, or one that had to. A full queue is told as it is, with its time to come back. */
function notAllAnswered(answers: readonly Answer[]): unknown {
  const errors = answers.flatMap((answer) => ('error' in answer ? [answer] : []));
  const overloaded = errors.find(({ error }) => isAppError(error) && error.code === 'SENTIMENT_OVERLOADED');
  if (overloaded !== undefined) return overloaded.error;
  const reasons = errors.map(({ member, error }) => `${member}: ${messageOf(error)}`).join('; ');
  return scorerUnavailable('ensemble', {
    reason: `${errors.length === answers.length ? 'none' : 'not all'} of its members answered (${reasons}).`,
    remedy: 'See models/status for what each member needs.',
  });
}

function requireMembers(members: readonly Scorer[]): void {
  if (members.length === 0) throw new RangeError('an ensemble needs at least one member');
  const families = new Set(members.map(({ family }) => family));
  if (families.size < members.length) throw new RangeError('an ensemble takes one member of each family');
}
