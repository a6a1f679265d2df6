import { isoUtc, type EpochMs } from '../core/index.ts';
import { liveAt, readDeployments, type Deployment } from '../registry/index.ts';
import { alignColumns } from './align-columns.ts';
import { deploymentJson, describeChange, describeState } from './live-state-lines.ts';
import { openPresentWorkspace } from './present-workspace.ts';
import type { CommandContext, ExitCode } from './program.ts';
import { isGone } from './workspace-figures.ts';

interface Options {
  at?: EpochMs;
  limit: number;
  workspace?: string;
  json?: boolean;
}

/** `deployments`: the ledger, the newest entry first; with `--at` what was live at that moment. Changes nothing. */
export async function deploymentsCommand(options: Options, context: CommandContext): Promise<ExitCode> {
  const { asset } = context.config;
  const { at, limit } = options;
  const { workspace, close } = await openPresentWorkspace(options.workspace, context);
  try {
    const place = { workspace: workspace.name, asset };
    if (at === undefined) {
      const entries = await readIfThere(() => readDeployments(workspace.pool, { asset, limit }), []);
      context.terminal.result(describeLedger(entries, { ...place, limit }), {
        ...place,
        deployments: entries.map(deploymentJson),
      });
    } else {
      const entry = await readIfThere(() => liveAt(workspace.pool, { asset, at }), null);
      context.terminal.result(describeMoment(entry, { ...place, at }), {
        ...place,
        at: isoUtc(at),
        deployment: entry === null ? null : deploymentJson(entry),
        state: entry?.state ?? null,
      });
    }
  } finally {
    await close();
  }
  return 0;
}

/** A workspace of an older version has no ledger yet; nothing was live in it. */
async function readIfThere<Found>(read: () => Promise<Found>, otherwise: Found): Promise<Found> {
  try {
    return await read();
  } catch (error) {
    if (isGone(error)) return otherwise;
    throw error;
  }
}

function describeLedger(
  entries: readonly Deployment[],
  { workspace, asset, limit }: { workspace: string; asset: string; limit: number },
): string {
  if (entries.length === 0) return `Nothing has been live for ${asset} in workspace ${workspace} yet.`;
  const taken = new Map(entries.map(({ id, undoes }) => [undoes, id]));
  const rows = entries.map(({ id, at, kind, actor, undoes }) => [
    String(id),
    isoUtc(at),
    kind,
    actor,
    undoes === null ? (taken.has(id) ? `taken back by ${taken.get(id)}` : '') : `takes back ${undoes}`,
  ]);
  const [head = '', ...lines] = alignColumns([['entry', 'at', 'kind', 'actor', ''], ...rows]);
  return [
    `What was live for ${asset} in workspace ${workspace}, the newest first`,
    head,
    ...entries.flatMap(({ reason, changes }, place) => [
      lines[place] ?? '',
      `    ${reason}`,
      ...changes.map((change) => `      ${describeChange(change)}`),
    ]),
    ...(entries.length === limit ? [`The newest ${limit} are shown; --limit shows more.`] : []),
  ].join('\n');
}

function describeMoment(
  entry: Deployment | null,
  { workspace, asset, at }: { workspace: string; asset: string; at: EpochMs },
): string {
  const when = `${isoUtc(at)} for ${asset} in workspace ${workspace}`;
  if (entry === null) return `Nothing was live at ${when}.`;
  return [
    `Live at ${when}, by entry ${entry.id} of ${isoUtc(entry.at)} (${entry.kind}, ${entry.actor})`,
    ...describeState(entry.state),
  ].join('\n');
}
