import { describe, expect, it } from 'vitest';
import { BASELINE_NAMES, MODEL_FAMILIES } from './families.ts';
import { describeModelFamily } from './model.contract.ts';

for (const family of Object.values(MODEL_FAMILIES)) describeModelFamily(family);

describe('MODEL_FAMILIES', () => {
  it('holds each family under its own name, the baselines among them', () => {
    for (const [name, family] of Object.entries(MODEL_FAMILIES)) expect(family.name).toBe(name);
    expect(BASELINE_NAMES.every((name) => name in MODEL_FAMILIES)).toBe(true);
  });
});
