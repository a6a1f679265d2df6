import type { ScorerStatus } from '../../src/serving/contract.ts';
import { withStop } from '../lib/format.ts';
import { readerWords, scorerWords } from '../lib/models.ts';

const MARKS: Record<ScorerStatus['state'], string> = {
  ready: 'bg-up',
  loading: 'bg-caution-mark animate-breathe',
  unavailable: 'border-[1.5px] border-ink-faint',
};

/** How every family of scorers stands, what it would take to have those that are not there, and who reads them. */
export function ScorerStates({ scorers }: { scorers: readonly ScorerStatus[] }) {
  return (
    <section aria-label="Scorers of sentiment" className="mt-8 border-t border-line pt-5">
      <h3 className="mb-3 text-[0.8125rem] font-medium">Scorers of sentiment</h3>
      <ul className="grid gap-x-12 gap-y-4 text-[0.8125rem] lg:grid-cols-2">
        {scorers.map((scorer) => (
          <li key={scorer.family} className="grid min-w-0 grid-cols-[auto_1fr] gap-x-2.5">
            <span aria-hidden className={`mt-[0.4rem] size-2 rounded-full ${MARKS[scorer.state]}`} />
            <div className="min-w-0 leading-5">
              <p>
                <span className={scorer.state === 'ready' ? 'font-medium' : 'text-ink-soft'}>
                  {scorer.family}
                </span>{' '}
                <span className="text-ink-faint">{scorerWords(scorer)}</span>
              </p>
              <p className="text-xs leading-5 break-words text-ink-faint">
                <Detail scorer={scorer} />
              </p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Detail({ scorer }: { scorer: ScorerStatus }) {
  const { state, reason, remedy, read_by: arms } = scorer;
  if (state === 'ready') return readerWords(scorer);
  const why = [reason, remedy].filter((words) => words !== undefined).map(withStop);
  const readers = arms.length === 0 ? [] : [withStop(`Yet it is ${readerWords(scorer)}`)];
  return [...why, ...readers].join(' ');
}
