import { ChevronRight } from 'lucide-react';
import type { Health, LatestFeatures } from '../../src/serving/contract.ts';
import { featureText, featureUnit, featureValue } from '../lib/features.ts';
import type { Feed } from '../lib/feed.ts';
import { moment } from '../lib/format.ts';
import { Badge } from './ui/badge.tsx';
import { Card } from './ui/card.tsx';
import { Skeleton } from './ui/skeleton.tsx';
import { Waiting } from './waiting.tsx';

const EXPECTED_ROWS = 15;

export function FeaturesCard({
  features,
  health,
}: {
  features: Feed<LatestFeatures>;
  health: Health | null;
}) {
  const { data } = features;
  return (
    <Card
      id="features"
      title="What the models saw"
      note={data === null ? 'The newest feature vector.' : <FeaturesNote features={data} />}
      actions={data?.degraded === true ? <Badge tone="caution">Degraded</Badge> : null}
    >
      {data === null ? (
        <div className="flex min-h-[50rem] sm:min-h-[35rem]">
          <Waiting failure={features.failure} health={health} skeleton={<RowsSkeleton />} />
        </div>
      ) : (
        <ul className="-my-1 flex flex-1 flex-col justify-between divide-y divide-line">
          {Object.entries(data.features).map(([name, value]) => (
            <FeatureRow key={name} name={name} value={value} unit={featureUnit(data.units[name] ?? '')} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function FeaturesNote({ features }: { features: LatestFeatures }) {
  const values = Object.values(features.features);
  const present = values.filter((value) => value !== null).length;
  return (
    <>
      {present} of {values.length} present, known by {moment(Date.parse(features.as_of))} UTC. Set{' '}
      <span className="font-mono text-xs">{features.feature_set}</span>
    </>
  );
}

function FeatureRow({ name, value, unit }: { name: string; value: number | null; unit: string }) {
  const { label, meaning } = featureText(name);
  const shown = featureValue(value);
  return (
    <li className="flex flex-1 flex-col justify-center py-0.5">
      <details className="group">
        <summary
          title={meaning}
          className="-mx-2 grid cursor-pointer list-none grid-cols-[0.875rem_1fr_auto] items-center gap-x-2 rounded-md px-2 py-1.5 text-[0.8125rem] hover:bg-sunken/60 sm:grid-cols-[0.875rem_1fr_auto_9.5rem] [&::-webkit-details-marker]:hidden"
        >
          <ChevronRight
            aria-hidden
            size={14}
            className="text-ink-faint transition-transform group-open:rotate-90"
          />
          <span className="min-w-0">{label}</span>
          {shown === null ? (
            <span className="text-ink-faint italic">missing</span>
          ) : (
            <span className="text-right font-mono text-[0.8125rem]">{shown}</span>
          )}
          <span className="text-right text-xs text-ink-faint max-sm:col-start-3">{unit}</span>
        </summary>
        <p className="pb-2.5 pl-[1.375rem] text-[0.8125rem] leading-5 text-ink-soft">
          {meaning} <span className="font-mono text-xs text-ink-faint">{name}</span>
        </p>
      </details>
    </li>
  );
}

function RowsSkeleton() {
  return (
    <div className="w-full space-y-3.5 py-1">
      {Array.from({ length: EXPECTED_ROWS }, (_, row) => (
        <Skeleton key={row} className="h-5 w-full" />
      ))}
    </div>
  );
}
