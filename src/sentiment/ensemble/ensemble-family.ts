import { z } from 'zod';
import { messageOf } from '../../core/index.ts';
import { artifactInvalid, trainingRefused } from '../errors.ts';
import type { RatedText } from '../rated-texts.ts';
import type { ScorerFamily, ScorerFiles, ScorerTraining, TrainedScorer } from '../scorer-family.ts';
import { scoreTexts } from '../score-texts.ts';
import { scorerName, SENTIMENTS, type Score, type Scorer } from '../scorer.ts';
import { createEnsemble, type Ensemble, type EnsembleWeights } from './ensemble.ts';
import { fitEnsemble } from './fit.ts';

const FILE = 'ensemble.json';

const combinationSchema = z.object({
  members: z.array(z.int().nonnegative()).min(1),
  intercepts: z.array(z.number()).length(SENTIMENTS.length),
  weights: z.array(z.number()),
});
const artifactSchema = z
  .object({
    format: z.literal('bellwether-ensemble'),
    members: z.array(z.string()).min(1),
    combinations: z.array(combinationSchema).min(1),
  })
  .refine(
    ({ members, combinations }) =>
      combinations.every(
        (one) =>
          one.members.every((number) => number < members.length) &&
          one.weights.length === SENTIMENTS.length ** 2 * one.members.length,
      ),
    'a combination does not fit its members',
  );

/** A scorer with what it said of the rows. */
interface Witness {
  member: string;
  scores: Score[];
}

/**
 * The ensemble of the scorers that are there when it is trained. It learns from the members' answers to the rows given,
 * so these must be rows that no member has learnt from: on its own training rows a member is surer and more often right
 * than it will ever be again, and would be given too much weight. Which rows those are cannot be told from a member.
 *
 * A version names its members as family@version, and is loaded only beside these very versions: when a member is
 * replaced, the ensemble has to be trained anew. A member that is away is no obstacle.
 * @param members - asked at each training and each loading; one scorer of each family, never an ensemble
 */
export function createEnsembleFamily(members: () => readonly Scorer[]): ScorerFamily {
  return {
    name: 'ensemble',
    train: (rows, training) => trainEnsemble(members(), rows, training),
    load: async (files, version): Promise<Ensemble> => {
      const weights = await readArtifact(files);
      const present = members().filter(({ family }) => family !== 'ensemble');
      requireSameMembers(weights, present);
      return createEnsemble({ members: present, fitted: { weights, version } });
    },
  };
}

async function trainEnsemble(
  scorers: readonly Scorer[],
  rows: readonly RatedText[],
  { seed, onProgress = () => {} }: ScorerTraining,
): Promise<TrainedScorer> {
  const texts = rows.map(({ text }) => text);
  const witnesses: Witness[] = [];
  const absent: string[] = [];
  const asked = scorers.filter(({ family }) => family !== 'ensemble');
  for (const [place, scorer] of asked.entries()) {
    const member = scorerName(scorer);
    onProgress(`asking ${member}`, place / (asked.length + 1));
    try {
      witnesses.push({ member, scores: await scoreTexts(scorer, texts) });
    } catch (error) {
      absent.push(`${member} (${messageOf(error)})`);
    }
  }
  if (witnesses.length < 2) {
    const away = absent.length === 0 ? '' : `; away: ${absent.join(', ')}`;
    throw trainingRefused(
      'ensemble',
      `there are ${witnesses.length} members to combine, and it takes two${away}`,
      'Train or fetch another family first.',
    );
  }
  onProgress('combining the members', asked.length / (asked.length + 1));
  const { weights, metrics } = await fitEnsemble(rows, witnesses, seed);
  const artifact: z.infer<typeof artifactSchema> = {
    format: 'bellwether-ensemble',
    members: [...weights.members],
    combinations: weights.combinations.map((one) => ({
      members: [...one.members],
      intercepts: [...one.intercepts],
      weights: [...one.weights],
    })),
  };
  return {
    files: new Map([[FILE, Buffer.from(`${JSON.stringify(artifact)}\n`)]]),
    parameters: { members: weights.members, absent, rows: rows.length, seed },
    metrics,
  };
}

async function readArtifact(files: ScorerFiles): Promise<EnsembleWeights> {
  if (!files.names.includes(FILE)) throw artifactInvalid('ensemble', `it has no file ${FILE}`);
  const bytes = await files.read(FILE);
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw artifactInvalid('ensemble', `${FILE} is no JSON`, error);
  }
  const parsed = artifactSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw artifactInvalid(
    'ensemble',
    `in ${FILE}, ${issue?.path.join('.')}: ${issue?.message ?? 'not understood'}`,
  );
}

function requireSameMembers({ members }: EnsembleWeights, present: readonly Scorer[]): void {
  for (const name of members) {
    const family = name.slice(0, name.indexOf('@'));
    const now = present.find((scorer) => scorer.family === family);
    if (now === undefined || scorerName(now) === name) continue;
    throw artifactInvalid('ensemble', `it was fitted on ${name}, and ${scorerName(now)} is in its place`);
  }
}
