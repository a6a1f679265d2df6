import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFeatureSet } from '../features/index.ts';
import { BASELINE_NAMES } from '../models/index.ts';
import { createVader, scorerName } from '../sentiment/index.ts';
import { horizonUnknown } from './errors.ts';
import {
  ERROR_EXAMPLES,
  FEATURES_EXAMPLES,
  HEALTH_EXAMPLES,
  PERFORMANCE_EXAMPLES,
  STATUS_EXAMPLES,
} from './examples.ts';

describe('the examples of the docs', () => {
  it('show the features that are made, each in its own unit, under their own version', () => {
    const made = createFeatureSet({ barMinutes: 60, scorer: scorerName(createVader()) });
    const shown = FEATURES_EXAMPLES[0]!;
    expect(Object.keys(shown.features)).toEqual(made.names);
    expect(shown.units).toEqual(Object.fromEntries(made.definitions.map(({ name, unit }) => [name, unit])));
    expect(shown.feature_set).toBe(made.version);
  });

  it('name the baselines as the answer does', () => {
    expect(Object.keys(PERFORMANCE_EXAMPLES[0]!.arms[0]!.baselines)).toEqual([...BASELINE_NAMES]);
  });

  it('hold texts and checks that the system says', () => {
    const spoken = ['ports.ts', 'health.ts']
      .map((file) => readFileSync(join(import.meta.dirname, '..', file), 'utf8'))
      .join('');
    expect(spoken).toContain(PERFORMANCE_EXAMPLES[0]!.note);
    for (const { name, detail } of HEALTH_EXAMPLES[0]!.checks) {
      expect(spoken).toContain(`name: '${name}'`);
      expect(spoken).toContain(`'${detail}'`);
    }
    const { code, message } = ERROR_EXAMPLES[0]!.error;
    expect(horizonUnknown(45, [60, 1_440])).toMatchObject({ code, message });
  });

  it('tell of decisions and deployments as those who make them do', () => {
    const [{ gate, deployments }] = STATUS_EXAMPLES as [(typeof STATUS_EXAMPLES)[number]];
    const [decision] = gate;
    const { low, high, gain, threshold } = decision!;
    const text = readFileSync(join(import.meta.dirname, '..', 'retraining', 'gate.ts'), 'utf8');
    expect(text).toContain('The refresh is not worse by');
    expect(text).toContain('windows it gains');
    for (const figure of [low, high, gain].map((value) => value.toFixed(4)).concat(String(threshold))) {
      expect(decision!.reason).toContain(figure);
    }
    const ledger = readFileSync(join(import.meta.dirname, '..', 'retraining', 'record.ts'), 'utf8');
    expect(ledger).toContain(deployments[0]!.reason.split(' promoted')[0]);
  });
});
