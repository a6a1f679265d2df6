import { moment, percentText, price, signed } from '../lib/format.ts';
import type { Mark } from '../lib/market.ts';
import { Disclosure } from './ui/disclosure.tsx';
import { ResultSwatch, RESULT_WORDS } from './result-words.tsx';

const ROWS = 24;

/** The chart's newest windows in words and numbers: for reading exactly, and for those who do not see the chart. */
export function RecentPredictions({
  marks,
  horizonMinutes,
}: {
  marks: readonly Mark[];
  horizonMinutes: number;
}) {
  const newest = marks.slice(-ROWS).reverse();
  return (
    <Disclosure title={`The newest ${newest.length} as a table`}>
      <div
        className="max-h-80 overflow-auto rounded-lg border border-line"
        tabIndex={0}
        role="region"
        aria-label="Newest predictions"
      >
        <table className="w-full text-left text-[0.8125rem]">
          <caption className="sr-only">Predictions {horizonMinutes} minutes ahead, newest first</caption>
          <thead className="sticky top-0 bg-surface text-xs text-ink-faint">
            <tr>
              {['Window', 'Close', 'Up', 'Said', 'Ended', 'Sentiment'].map((name, index) => (
                <th
                  key={name}
                  scope="col"
                  className={`border-b border-line px-3 py-2 font-medium ${index === 5 ? 'max-sm:hidden' : ''}`}
                >
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {newest.map((mark) => (
              <tr key={mark.at} className="border-b border-line last:border-0">
                <td className="px-3 py-1.5 whitespace-nowrap">{moment(mark.at)}</td>
                <td className="px-3 py-1.5">{price(mark.close)}</td>
                <td className="px-3 py-1.5 whitespace-nowrap">{percentText(mark.probabilityUp)}</td>
                <td className="px-3 py-1.5">{mark.direction}</td>
                <td className="px-3 py-1.5">
                  <span className="inline-flex items-center gap-1.5">
                    <ResultSwatch result={mark.result} />
                    {RESULT_WORDS[mark.result]}
                  </span>
                </td>
                <td className="px-3 py-1.5 max-sm:hidden">
                  {mark.sentiment === null ? 'none' : signed(mark.sentiment)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Disclosure>
  );
}
