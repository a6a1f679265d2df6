import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { workspaceName } from './workspace-name.ts';

describe('the name of a workspace', () => {
  it('says what it is for and can be a schema and a folder', () => {
    expect(workspaceName('replay', { seed: 1 })).toMatch(/^replay_[0-9a-f]{16}$/);
  });

  it('is the same for the same facts, in whatever order they are given', () => {
    expect(workspaceName('replay', { seed: 1, bar: 60 })).toBe(workspaceName('replay', { bar: 60, seed: 1 }));
  });

  it('changes with every fact', () => {
    const facts = fc.record({ content: fc.string(), seed: fc.integer(), bar: fc.integer() });
    fc.assert(
      fc.property(facts, facts, (left, right) => {
        const isSame = JSON.stringify(left) === JSON.stringify(right);
        expect(workspaceName('replay', left) === workspaceName('replay', right)).toBe(isSame);
      }),
      { numRuns: 5, seed: 1 },
    );
    expect(workspaceName('replay', { seed: 1 })).not.toBe(workspaceName('replay', { seed: 2 }));
    expect(workspaceName('replay', { seed: 1 })).not.toBe(workspaceName('replay', { bar: 1 }));
  });
});
