import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gaussLegendre } from './gauss-legendre.ts';

describe('gaussLegendre', () => {
  it('is the rule that the tables hold for two and three nodes', () => {
    // Abramowitz, Stegun (1964), table 25.4, moved from -1..1 to 0..1.
    const two = gaussLegendre(2);
    expect(two.nodes[1]).toBeCloseTo((1 + 0.577350269189626) / 2, 14);
    expect([...two.weights]).toEqual([expect.closeTo(0.5, 14), expect.closeTo(0.5, 14)]);
    const three = gaussLegendre(3);
    expect([...three.nodes]).toEqual([
      expect.closeTo((1 - 0.774596669241483) / 2, 14),
      expect.closeTo(0.5, 14),
      expect.closeTo((1 + 0.774596669241483) / 2, 14),
    ]);
    expect([...three.weights]).toEqual([5, 8, 5].map((part) => expect.closeTo(part / 18, 14)));
  });

  it('integrates every power below twice its count exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(79), (count, power) => {
        const { nodes, weights } = gaussLegendre(count);
        const degree = power % (2 * count);
        const sum = nodes.reduce((all, node, place) => all + weights[place]! * node ** degree, 0);
        expect(sum).toBeCloseTo(1 / (degree + 1), 13);
      }),
      { seed: 1 },
    );
  });

  it('refuses a count that is no integer from 1 on', () => {
    for (const count of [0, -1, 1.5, NaN]) expect(() => gaussLegendre(count)).toThrow(RangeError);
  });
});
