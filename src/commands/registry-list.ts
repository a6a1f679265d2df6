import { isoUtc } from '../core/index.ts';
import type { GateDecision } from '../registry/index.ts';
import { alignColumns } from './align-columns.ts';
import { percent } from './amount.ts';
import { openPresentWorkspace } from './present-workspace.ts';
import type { CommandContext, ExitCode } from './program.ts';
import { surveyRegistry, type RegistrySurvey, type SurveyedVersion } from './registry-survey.ts';
import { isGone } from './workspace-figures.ts';

interface Options {
  workspace?: string;
  json?: boolean;
}

/** `registry list`: every version and what became of it, and every folder that nobody knows. Changes nothing. */
export async function registryList(options: Options, context: CommandContext): Promise<ExitCode> {
  const { workspace, close } = await openPresentWorkspace(options.workspace, context);
  try {
    const survey = await surveyRegistry(workspace).catch((error: unknown) => {
      // A workspace of an older version has no registry yet.
      if (isGone(error)) return { versions: [], unrecorded: [] };
      throw error;
    });
    context.terminal.result(describeSurvey(survey, workspace.name), {
      workspace: workspace.name,
      versions: survey.versions.map((version) => ({
        ...version,
        trainedAt: isoUtc(version.trainedAt),
        expiresAt: isoUtc(version.expiresAt),
        decisions: version.decisions.map((decision) => ({ ...decision, at: isoUtc(decision.at) })),
      })),
      unrecorded: survey.unrecorded.map((folder) => ({ ...folder, status: 'unrecorded' })),
    });
  } finally {
    await close();
  }
  return 0;
}

function describeSurvey({ versions, unrecorded }: RegistrySurvey, workspace: string): string {
  const problems = versions.flatMap(({ problem }) => (problem === null ? [] : [`  ${problem}`]));
  return [
    versions.length === 0
      ? `No version is recorded in workspace ${workspace} yet: npm run bellwether -- retrain --family F makes one.`
      : `Versions in workspace ${workspace}, the newest of each family first`,
    ...(versions.length === 0 ? [] : describeVersions(versions)),
    ...(problems.length === 0 ? [] : ['', 'Versions that cannot be loaded', ...problems]),
    ...(unrecorded.length === 0 ? [] : ['', 'Folders that the database does not know (unrecorded)']),
    ...unrecorded.flatMap(({ path, remedy }) => [`  ${path}`, `    ${remedy}`]),
  ].join('\n');
}

function describeVersions(versions: readonly SurveyedVersion[]): string[] {
  const head = [
    ...['version', 'trained at', 'status', 'arm', 'minutes', 'rows'],
    ...['accuracy (95 %)', 'best baseline', 'n', 'log loss', 'gate'],
  ];
  return alignColumns([head, ...versions.flatMap(rowsOf)]);
}

/** A row per arm and horizon, which differ in what is live; one row where the manifest cannot be read. */
function rowsOf(version: SurveyedVersion): string[][] {
  const { modelVersion, trainedAt, status, live, models, decisions } = version;
  const named = [modelVersion, isoUtc(trainedAt)];
  if (models.length === 0) return [[...named, status, ...Array<string>(8).fill('-')]];
  return models.map(({ arm, horizonMinutes, rows, metrics }) => {
    const isHere = (place: { arm: string; horizonMinutes: number }) =>
      place.arm === arm && place.horizonMinutes === horizonMinutes;
    const here = live.find(isHere);
    const role = here === undefined ? '' : here.isChampion ? ' (answers)' : ' (shadow)';
    return [
      ...named,
      // Of a version that is live in part the rest was refused or has been replaced.
      status === 'live' && here === undefined ? 'not live' : `${status}${role}`,
      arm,
      String(horizonMinutes),
      String(rows),
      ...describeMetrics(metrics),
      describeDecisions(decisions.filter(isHere)),
    ];
  });
}

/** What its gate fit did in the eight weeks that it had not seen, beside the best baseline on the same windows. */
function describeMetrics(metrics: Readonly<Record<string, number | null>>): string[] {
  const { accuracy = null, accuracyLow = null, accuracyHigh = null, bestBaseline = null } = metrics;
  const interval = accuracyLow === null ? '' : ` (${percent(accuracyLow)} .. ${percent(accuracyHigh)})`;
  const { n = null, logLoss = null } = metrics;
  return [
    `${percent(accuracy)}${interval}`,
    percent(bestBaseline),
    n === null ? '-' : String(n),
    logLoss === null ? '-' : figure(logLoss),
  ];
}

/** The oldest first, as they were made. */
function describeDecisions(decisions: readonly GateDecision[]): string {
  const told = decisions.toReversed().map(({ kind, verdict, low }) => {
    return `${kind} ${verdict}${Number.isNaN(low) ? '' : ` (low ${figure(low)})`}`;
  });
  return told.length === 0 ? '-' : told.join(', ');
}

function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(4);
}
