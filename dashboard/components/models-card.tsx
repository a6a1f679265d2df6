import { TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { LiveModel, ModelsStatus } from '../../src/serving/contract.ts';
import { count, horizon, MISSING, momentFrom, relative, withStop } from '../lib/format.ts';
import { expiredModels, expiryOf, liveByHorizon, type HorizonModels } from '../lib/models.ts';
import { ModelsAnswerCard, type ModelsFeed } from './models-answer-card.tsx';
import { ScorerStates } from './scorer-states.tsx';
import { Badge } from './ui/badge.tsx';
import { Fact } from './ui/fact.tsx';

/** Which model answers, since when, which others predict in its shadow, and how the scorers stand that they read. */
export function ModelsCard(feed: ModelsFeed) {
  return (
    <ModelsAnswerCard
      {...feed}
      id="models"
      title="Models"
      note="At each horizon one arm, the champion, answers. The others predict every window in its shadow. Times are UTC."
    >
      {(status) => <LiveModels status={status} />}
    </ModelsAnswerCard>
  );
}

function LiveModels({ status }: { status: ModelsStatus }) {
  const now = Date.parse(status.at);
  const horizons = liveByHorizon(status);
  return (
    <>
      <Warnings status={status} now={now} />
      {horizons.length === 0 ? (
        <p className="py-8 text-center text-sm text-ink-faint">
          No model is live yet. The first training makes one.
        </p>
      ) : (
        <div className="grid gap-x-12 gap-y-10 lg:grid-cols-2">
          {horizons.map((live) => (
            <HorizonSection key={live.horizonMinutes} live={live} now={now} />
          ))}
        </div>
      )}
      {status.scorers === null ? null : <ScorerStates scorers={status.scorers} />}
    </>
  );
}

function HorizonSection({ live: { horizonMinutes, champion, shadows }, now }: HorizonProps) {
  const name = horizon(horizonMinutes);
  return (
    <section aria-label={`Models ${name} ahead`} className="min-w-0">
      <h3 className="mb-3 text-[0.8125rem] font-medium">{name} ahead</h3>
      {champion === null ? (
        <p className="text-[0.8125rem] text-ink-faint">No champion yet.</p>
      ) : (
        <Champion champion={champion} now={now} />
      )}
      {shadows.length === 0 ? null : <Shadows shadows={shadows} name={name} now={now} />}
    </section>
  );
}

interface HorizonProps {
  live: HorizonModels;
  now: number;
}

function Champion({ champion, now }: { champion: NonNullable<HorizonModels['champion']>; now: number }) {
  const { arm, since, model } = champion;
  return (
    <div className="rounded-xl border border-line bg-sunken/50 p-4">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <p className="text-lg font-semibold tracking-tight">{arm}</p>
        <span className="flex gap-1.5">
          {model?.is_expired === true ? <Badge tone="caution">Expired</Badge> : null}
          <Badge>Champion</Badge>
        </span>
      </div>
      <dl className="mt-3 grid grid-cols-2 gap-x-4 gap-y-3 text-[0.8125rem] sm:grid-cols-3">
        <Fact name="Version">
          <span className="font-mono text-xs break-all">{model?.model_version ?? MISSING}</span>
        </Fact>
        <Fact name="Version live since">
          <When at={model?.since ?? null} now={now} />
        </Fact>
        <Fact name="Champion since">
          <When at={since} now={now} />
        </Fact>
        <Fact name="Trained at">
          <When at={model?.trained_at ?? null} now={now} />
        </Fact>
        <Fact name="Training rows">
          {model === null || model.rows === null ? MISSING : count(model.rows)}
        </Fact>
        <Fact name={model?.is_expired === true ? 'Expired' : 'Expires'}>
          {model === null ? MISSING : <ExpiryWords model={model} now={now} />}
        </Fact>
      </dl>
    </div>
  );
}

function ExpiryWords({ model, now }: { model: LiveModel; now: number }) {
  const { moment, distance, isExpired } = expiryOf(model, now);
  return (
    <span className={isExpired ? 'font-medium text-caution' : ''}>
      <span className="whitespace-nowrap">{moment}</span>
      {distance === null ? null : (
        <>
          {' '}
          <span className={`whitespace-nowrap ${isExpired ? '' : 'text-ink-faint'}`}>· {distance}</span>
        </>
      )}
    </span>
  );
}

function When({ at, now }: { at: string | null; now: number }) {
  if (at === null) return MISSING;
  const moment = Date.parse(at);
  return <span title={relative(moment, now)}>{momentFrom(moment, now)}</span>;
}

function Shadows({ shadows, name, now }: { shadows: readonly LiveModel[]; name: string; now: number }) {
  return (
    <table className="mt-4 w-full text-left text-[0.8125rem]">
      <caption className="sr-only">Arms in shadow, {name} ahead</caption>
      <thead className="text-xs text-ink-faint">
        <tr className="border-b border-line">
          <Heading>In shadow</Heading>
          <Heading wide>Version</Heading>
          <Heading>Live since</Heading>
          <Heading wide>Rows</Heading>
        </tr>
      </thead>
      <tbody>
        {shadows.map((model) => (
          <tr key={model.arm} className="border-b border-line align-top last:border-0">
            <td className="py-1.5 pr-3">
              {model.arm}
              <span className="block font-mono text-xs text-ink-faint sm:hidden">{model.model_version}</span>
              {model.is_expired ? <span className="block text-xs text-caution">expired</span> : null}
            </td>
            <td className="py-1.5 pr-3 max-sm:hidden">
              <span className="font-mono text-xs">{model.model_version}</span>
            </td>
            <td className="py-1.5 text-ink-soft max-sm:text-right sm:pr-3">
              <When at={model.since} now={now} />
            </td>
            <td className="py-1.5 text-right max-sm:hidden">
              {model.rows === null ? MISSING : count(model.rows)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface HeadingProps {
  /** Left out where there is no room. */
  wide?: boolean;
  children: ReactNode;
}

/** The last column that is shown stands at the right edge. */
function Heading({ wide = false, children }: HeadingProps) {
  return (
    <th
      scope="col"
      className={`py-1.5 font-medium not-first:max-sm:text-right last:text-right sm:not-last:pr-3 ${wide ? 'max-sm:hidden' : ''}`}
    >
      {children}
    </th>
  );
}

/** What somebody should do something about: models past their expiry, a deployment that was refused. */
function Warnings({ status, now }: { status: ModelsStatus; now: number }) {
  const expired = expiredModels(status.models);
  const problem = status.router?.problem ?? null;
  return (
    <div className="flex flex-col gap-2 not-empty:mb-5">
      {expired.length === 0 ? null : (
        <Warning title={`${expired.length} of ${status.models.length} models expired`}>
          Their answers are marked degraded until newer ones replace them.
        </Warning>
      )}
      {problem === null ? null : (
        <Warning title={`Ledger entry ${problem.revision} refused ${relative(Date.parse(problem.at), now)}`}>
          {withStop(problem.message)} What was live before goes on answering.{' '}
          <span className="font-mono text-xs">{problem.code}</span>
        </Warning>
      )}
    </div>
  );
}

function Warning({ title, children }: { title: string; children: ReactNode }) {
  return (
    <p className="flex items-start gap-3 rounded-lg border border-caution/45 bg-caution-wash px-3 py-2 text-[0.8125rem] leading-5 text-caution">
      <TriangleAlert aria-hidden size={16} className="mt-0.5 shrink-0" />
      <span className="min-w-0 break-words">
        <strong className="font-semibold">{title}.</strong> {children}
      </span>
    </p>
  );
}
