import { ArrowRight } from 'lucide-react';
import type { Deployment, ModelsStatus } from '../../src/serving/contract.ts';
import { momentFrom, withStop } from '../lib/format.ts';
import { changeLines, KIND_WORDS } from '../lib/ledger.ts';
import { ModelsAnswerCard, type ModelsFeed } from './models-answer-card.tsx';
import { Badge } from './ui/badge.tsx';

/** Every change of what is live: when, by whom, from what to what, and why. */
export function LedgerCard(feed: ModelsFeed) {
  return (
    <ModelsAnswerCard
      {...feed}
      id="ledger"
      title="Ledger"
      note="Every change of what is live, newest first. Entries are only ever added; a rollback is one more. Times are UTC."
    >
      {(status) => <Entries status={status} />}
    </ModelsAnswerCard>
  );
}

function Entries({ status: { at, deployments, router } }: { status: ModelsStatus }) {
  if (deployments.length === 0) {
    return (
      <p className="py-8 text-center text-sm text-ink-faint">
        Nothing stands in it yet. The first training writes the first entry.
      </p>
    );
  }
  return (
    <div
      className="-mx-2 max-h-[30rem] overflow-y-auto px-2"
      tabIndex={0}
      role="region"
      aria-label="Ledger entries"
    >
      <ol className="divide-y divide-line">
        {deployments.map((entry) => (
          <Entry
            key={entry.id}
            entry={entry}
            now={Date.parse(at)}
            isAnswering={router?.revision === entry.id}
          />
        ))}
      </ol>
    </div>
  );
}

interface EntryProps {
  entry: Deployment;
  now: number;
  isAnswering: boolean;
}

function Entry({ entry, now, isAnswering }: EntryProps) {
  return (
    <li className="grid gap-x-6 gap-y-2 py-3 text-[0.8125rem] leading-5 first:pt-0 last:pb-0 md:grid-cols-[13rem_1fr]">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="text-ink-faint">
            <span className="sr-only">Entry </span>#{entry.id}
          </span>
          <span className="font-medium">{KIND_WORDS[entry.kind]}</span>
          {isAnswering ? <Badge title="The API answers from this entry.">Answering</Badge> : null}
        </p>
        <p className="text-xs leading-5 text-ink-faint">
          <time dateTime={entry.at}>{momentFrom(Date.parse(entry.at), now)}</time> by{' '}
          <span className="break-all text-ink-soft">{entry.actor}</span>
        </p>
      </div>
      <div className="min-w-0 space-y-1.5">
        <Changes entry={entry} />
        <p className="break-words text-ink-soft">{withStop(entry.reason)}</p>
      </div>
    </li>
  );
}

function Changes({ entry: { changes, undoes } }: { entry: Deployment }) {
  const lines = changeLines(changes);
  return (
    <ul className="space-y-1">
      {undoes === null ? null : <li>Takes back #{undoes}.</li>}
      {lines.length === 0 ? <li className="text-ink-faint italic">Changed nothing.</li> : null}
      {lines.map(({ what, from, to }) => (
        <li key={`${what} ${from} ${to}`} className="flex flex-wrap items-center gap-x-2">
          <span>{what}:</span>
          <span className="inline-flex flex-wrap items-center gap-x-1.5 font-mono text-xs">
            <Side value={from} />
            <ArrowRight aria-hidden size={13} className="text-ink-faint" />
            <span className="sr-only">to</span>
            <Side value={to} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function Side({ value }: { value: string | null }) {
  return value === null ? <span className="text-ink-faint italic">none</span> : <span>{value}</span>;
}
