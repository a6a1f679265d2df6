import { withInstalledScorers } from '../compose-scorers.ts';
import { createLog } from '../core/index.ts';
import { SCORER_FAMILIES, scorerName, type ScorerState } from '../sentiment/index.ts';
import { scorerUnknown } from './errors.ts';
import type { CommandContext, ExitCode } from './program.ts';

const NAME_WIDTH = 22;
const STATE_WIDTH = 13;
const DEPLOYMENTS_SHOWN = 10;

/** `scorers list`: how each family stands, and every version in the store, each file held against its hash. */
export async function listScorers(
  _options: { json?: boolean },
  { config, terminal }: CommandContext,
): Promise<ExitCode> {
  return withInstalledScorers<ExitCode>(
    config,
    { log: createLog(config.logLevel) },
    async ({ scorers, store }) => {
      const families = scorers
        .all()
        .map((state) =>
          state.state === 'ready'
            ? { family: state.family, state: state.state, version: state.scorer.version, note: state.note }
            : { ...state },
        );
      const answering = new Set(
        scorers.all().flatMap((state) => (state.state === 'ready' ? [scorerName(state.scorer)] : [])),
      );
      const versions = (await store.list()).map(({ family, version, manifest, problem }) => ({
        family,
        version,
        status:
          problem !== null ? 'damaged' : answering.has(`${family}@${version}`) ? 'answers' : 'candidate',
        trainedAt: manifest?.trainedAt ?? null,
        data: manifest?.data ?? [],
        metrics: manifest?.metrics ?? {},
        problem,
      }));
      const deployments = await store.deployments();
      terminal.result(
        [
          'Families',
          ...scorers
            .all()
            .map(
              (state) =>
                `  ${state.family}`.padEnd(NAME_WIDTH) +
                state.state.padEnd(STATE_WIDTH) +
                describeState(state),
            ),
          '',
          versions.length === 0
            ? 'No version was trained here yet: npm run bellwether -- retrain --family linear --data FILE.jsonl'
            : 'Versions trained here',
          ...versions.map((each) =>
            [
              `  ${each.family}@${each.version}`.padEnd(NAME_WIDTH),
              each.status.padEnd(STATE_WIDTH),
              each.problem ??
                `${each.trainedAt ?? '-'}, ${each.data.map(({ file, rows }) => `${rows} rows of ${file}`).join(', ')}`,
            ].join(''),
          ),
          ...(deployments.length === 0 ? [] : ['', 'Deployed, the newest first']),
          ...deployments
            .toReversed()
            .slice(0, DEPLOYMENTS_SHOWN)
            .map(
              ({ at, family, version, actor }) =>
                `${`  ${family}@${version}`.padEnd(NAME_WIDTH)}${at}, ${actor}`,
            ),
        ].join('\n'),
        { families, versions, deployments },
      );
      return versions.some(({ problem }) => problem !== null) ? 1 : 0;
    },
  );
}

/** `scorers fetch`: brings the files of a pretrained family here, pins and prepares them, and lets it score a text. */
export async function fetchScorer(
  { family }: { family: string; json?: boolean },
  { config, terminal }: CommandContext,
): Promise<ExitCode> {
  const log = createLog(config.logLevel);
  return withInstalledScorers<ExitCode>(config, { log, isLazy: true }, async ({ scorers, builtIn }) => {
    if (!SCORER_FAMILIES.some((known) => known === family)) throw scorerUnknown(family, SCORER_FAMILIES);
    const source = builtIn[family];
    const began = performance.now();
    const { scorer, note } =
      source === undefined
        ? { scorer: await scorers.find(family), note: null }
        : await source.load((phrase) => {
            terminal.count(`opening ${family}`, phrase);
          });
    await scorer.score(['Bitcoin rises']);
    await scorer.close?.();
    const seconds = Math.round(performance.now() - began) / 1_000;
    terminal.result(
      `${scorerName(scorer)} is here and scores${note === null ? '' : ` (${note})`}; ${seconds} s. A start that runs finds it when it is asked for.`,
      { family, version: scorer.version, note, seconds },
    );
    return 0;
  });
}

function describeState(state: ScorerState): string {
  if (state.state === 'ready')
    return `${state.scorer.version}${state.note === null ? '' : ` (${state.note})`}`;
  return state.state === 'loading' ? state.progress : `${state.reason} ${state.remedy}`;
}
