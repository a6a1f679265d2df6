import { describe, expect, it } from 'vitest';
import { drawBars, drawLines, escapeText } from './svg-charts.ts';

const plain = (value: number) => value.toFixed(1);

describe('drawLines', () => {
  const chart = {
    title: 'a < b',
    x: { label: 'x', from: 0, to: 10, format: plain },
    y: { label: 'y', from: 0, to: 1, format: plain },
  };

  it('places points between its axes', () => {
    const points = [
      [0, 0],
      [10, 1],
    ] as const;
    const svg = drawLines({ ...chart, lines: [{ name: 'line', points }] });
    // 72 from the left and 48 from below; 16 from the right and 84 from the top.
    expect(svg).toContain('points="72.0,272.0 704.0,84.0"');
    expect(svg).toContain('a &lt; b');
  });

  it('leaves out what is not finite and still draws the rest', () => {
    const points = [
      [0, NaN],
      [5, 0.5],
    ] as const;
    const bounds = [
      [NaN, NaN],
      [0.4, 0.6],
    ] as const;
    const svg = drawLines({ ...chart, lines: [{ name: 'line', points, bounds, hasDots: true }] });
    expect(svg.match(/<circle/g)).toHaveLength(1);
    expect(svg.match(/stroke-opacity/g)).toHaveLength(1);
    expect(svg).not.toContain('NaN');
  });

  it('draws axes where there is nothing to show', () => {
    const svg = drawLines({
      title: 'nothing',
      x: { label: 'x', format: plain },
      y: { label: 'y', format: plain },
      lines: [],
    });
    expect(svg).not.toContain('NaN');
    expect(svg).toContain('</svg>');
  });
});

describe('drawBars', () => {
  it('draws bars from zero to either side', () => {
    const svg = drawBars({
      title: 'bars',
      bars: [
        { name: 'up', value: 1 },
        { name: 'down', value: -1 },
      ],
      format: plain,
    });
    const [first, second] = [...svg.matchAll(/<rect x="([\d.]+)" y="\d+" width="([\d.]+)"/g)];
    expect(Number(first![1])).toBeCloseTo(Number(second![1]) + Number(second![2]), 1);
    expect(Number(first![2])).toBeCloseTo(Number(second![2]), 1);
  });
});

describe('escapeText', () => {
  it('leaves no mark that a page would read', () => {
    expect(escapeText('<a href="x">&')).toBe('&lt;a href=&quot;x&quot;&gt;&amp;');
  });
});
