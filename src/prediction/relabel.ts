import { isHeldOut, MINUTE_MS, SECOND_MS, type Holdout } from '../core/index.ts';
import {
  createCloseSeries,
  labelBy,
  type CloseSeries,
  type FeatureInput,
  type LabelDefinition,
  type LabelledWindow,
} from '../features/index.ts';
import { VOID_LABEL, type DirectionRows } from '../models/index.ts';

/**
 * The same windows, asked something else. Features and `past_return` stay as they are.
 * @param options.inputs - of which the candles serve; labels are as of the decision of the last window
 */
export function relabel(
  rows: DirectionRows,
  options: {
    definition: LabelDefinition;
    inputs: readonly FeatureInput[];
    /** Windows whose time touches it stay without a label. */
    holdout?: Holdout | null | undefined;
  } & Omit<LabelledWindow, 'windowEnd' | 'asOf'>,
): { rows: DirectionRows; labelsOneBarLater: Uint8Array } {
  const { definition, inputs, holdout = null, ...window } = options;
  const series = createCloseSeries();
  for (const input of inputs) if (input.kind === 'candle') series.add(input);
  const asOf = (rows.windowEnds.at(-1) ?? NaN) + window.graceSeconds * SECOND_MS;
  const told = { labels: emptyLabels(rows), labelKnownAt: empty(rows), futureReturns: empty(rows) };
  const labelsOneBarLater = emptyLabels(rows);
  rows.windowEnds.forEach((windowEnd, row) => {
    const asked = { ...window, windowEnd, asOf };
    // The later entry ends a bar later, and so keeps the other one away too.
    const end = windowEnd + (window.horizonMinutes + window.barMinutes) * MINUTE_MS;
    if (isHeldOut(holdout, { windowEnd, end })) return;
    const label = labelBy(definition, series, asked);
    if (label.outcome !== null) {
      told.labels[row] = bitOf(label.outcome);
      told.labelKnownAt[row] = label.knownAt;
      told.futureReturns[row] = label.futureReturn;
    }
    labelsOneBarLater[row] = later(definition, series, asked);
  });
  return { rows: { ...rows, ...told }, labelsOneBarLater };
}

function later(definition: LabelDefinition, series: CloseSeries, asked: LabelledWindow): number {
  const label = labelBy(definition, series, { ...asked, entryDelayMinutes: asked.barMinutes });
  return label.outcome === null ? VOID_LABEL : bitOf(label.outcome);
}

function bitOf(outcome: 'up' | 'down' | 'void'): number {
  return outcome === 'void' ? VOID_LABEL : outcome === 'up' ? 1 : 0;
}

function emptyLabels({ count }: DirectionRows): Uint8Array {
  return new Uint8Array(count).fill(VOID_LABEL);
}

function empty({ count }: DirectionRows): Float64Array {
  return new Float64Array(count).fill(NaN);
}
