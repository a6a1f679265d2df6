import type { SentimentEvaluation } from '../sentiment/index.ts';
import { labelOf } from './sentiment-tables.ts';

const PANEL = 220;
const GAP = 44;
const TOP = 48;
const BOTTOM = 40;
/** Told apart also without colour: by dash. */
const STYLES = [
  { colour: '#6b7280', dash: '' },
  { colour: '#b45309', dash: '6 3' },
  { colour: '#1d4ed8', dash: '2 3' },
];
/** Bins with fewer rows show chance. */
const FEWEST_ROWS = 20;

/**
 * Reliability diagrams as SVG, one panel a set, one line a scorer.
 * @param sets - evaluations over labelled rows
 */
export function drawReliability(sets: readonly { name: string; evaluation: SentimentEvaluation }[]): string {
  const width = GAP + sets.length * (PANEL + GAP);
  const height = TOP + PANEL + BOTTOM;
  const families = sets[0]?.evaluation.families ?? {};
  const legend = Object.keys(families).map((key, place) => {
    const x = GAP + place * 150;
    return `${lineOf(place, [
      [x, 16],
      [x + 28, 16],
    ])}${textOf(x + 34, 20, labelOf(key, families))}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#374151">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...legend,
    ...sets.flatMap((set, place) => drawPanel(set, GAP + place * (PANEL + GAP))),
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel(
  { name, evaluation }: { name: string; evaluation: SentimentEvaluation },
  left: number,
): string[] {
  const place = (confidence: number, accuracy: number): [number, number] => [
    left + confidence * PANEL,
    TOP + (1 - accuracy) * PANEL,
  ];
  const lines = Object.values(evaluation.families).map(({ reliability }, scorer) => {
    const points = (reliability ?? []).flatMap(({ n, confidence, accuracy }) =>
      n < FEWEST_ROWS || confidence === null || accuracy === null ? [] : [place(confidence, accuracy)],
    );
    const dots = points.map(
      ([x, y]) =>
        `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="2.5" fill="${styleOf(scorer).colour}"/>`,
    );
    return `${lineOf(scorer, points)}${dots.join('')}`;
  });
  return [
    textOf(left, TOP - 8, name),
    `<rect x="${left}" y="${TOP}" width="${PANEL}" height="${PANEL}" fill="none" stroke="#d1d5db"/>`,
    `<line x1="${left}" y1="${TOP + PANEL}" x2="${left + PANEL}" y2="${TOP}" stroke="#d1d5db"/>`,
    ...[0, 0.5, 1].flatMap((tick) => [
      textOf(left + tick * PANEL - 8, TOP + PANEL + 16, String(tick)),
      textOf(left - 22, TOP + (1 - tick) * PANEL + 4, String(tick)),
    ]),
    textOf(left + PANEL / 2 - 32, TOP + PANEL + 32, 'confidence'),
    ...lines,
  ];
}

const styleOf = (scorer: number) => STYLES[scorer % STYLES.length] ?? { colour: '#000000', dash: '' };

function lineOf(scorer: number, points: readonly [number, number][]): string {
  const { colour, dash } = styleOf(scorer);
  const path = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
  return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.5"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}/>`;
}

function textOf(x: number, y: number, text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}">${escaped}</text>`;
}
