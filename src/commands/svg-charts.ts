/** A line of a chart. */
export interface ChartLine {
  name: string;
  points: readonly (readonly [x: number, y: number])[];
  /** Bounds of each point, drawn as whiskers. */
  bounds?: readonly (readonly [low: number, high: number])[];
  /** Small circles on the points. */
  hasDots?: boolean;
}

/** A chart of lines with its axes. */
export interface LineChart {
  title: string;
  x: Axis;
  y: Axis;
  lines: readonly ChartLine[];
}

interface Axis {
  label: string;
  /** Default: from the least to the largest value, and a little beyond. */
  from?: number;
  to?: number;
  format: (value: number) => string;
}

/** A chart of bars that lie on their side, the first on top. */
export interface BarChart {
  title: string;
  bars: readonly { name: string; value: number }[];
  format: (value: number) => string;
}

const WIDTH = 720;
const HEIGHT = 320;
const LEFT = 72;
const RIGHT = 16;
const TOP = 84;
const BOTTOM = 48;
const TICKS = 5;
const BAR_HEIGHT = 18;
const BAR_NAMES = 190;
const LEGEND_LINE = 16;
/** Told apart also without colour: by dash. */
const STYLES = [
  { colour: '#1d4ed8', dash: '' },
  { colour: '#b45309', dash: '6 3' },
  { colour: '#047857', dash: '2 3' },
  { colour: '#6b7280', dash: '8 2 2 2' },
  { colour: '#be123c', dash: '1 2' },
];

/** Lines over a common pair of axes, as SVG. Values that are not finite are left out. */
export function drawLines({ title, x, y, lines }: LineChart): string {
  const shown = lines.map((line) => ({
    ...line,
    points: line.points.filter(([at, value]) => Number.isFinite(at) && Number.isFinite(value)),
  }));
  const all = shown.flatMap(({ points }) => points);
  const bounds = lines
    .flatMap((line) => line.bounds ?? [])
    .flat()
    .filter(Number.isFinite);
  const spanX = spanOf(
    x,
    all.map(([at]) => at),
  );
  const spanY = spanOf(y, [...all.map(([, value]) => value), ...bounds]);
  const toX = (value: number) =>
    LEFT + ((value - spanX.from) / (spanX.to - spanX.from)) * (WIDTH - LEFT - RIGHT);
  const toY = (value: number) =>
    HEIGHT - BOTTOM - ((value - spanY.from) / (spanY.to - spanY.from)) * (HEIGHT - TOP - BOTTOM);
  const legend = lines.map(({ name }, place) => {
    const at = LEFT + (place * (WIDTH - LEFT)) / Math.max(4, lines.length);
    return `${pathOf(
      [
        [at, 36],
        [at + 24, 36],
      ],
      place,
    )}${textOf([at + 30, 40], name)}`;
  });
  const grid = Array.from({ length: TICKS }, (_, tick) => tick / (TICKS - 1)).flatMap((share) => {
    const [atX, atY] = [
      spanX.from + share * (spanX.to - spanX.from),
      spanY.from + share * (spanY.to - spanY.from),
    ];
    return [
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${toY(atY).toFixed(1)}" y2="${toY(atY).toFixed(1)}" stroke="#e5e7eb"/>`,
      textOf([LEFT - 8, toY(atY) + 4], y.format(atY), 'end'),
      textOf(
        [toX(atX), HEIGHT - BOTTOM + 18],
        x.format(atX),
        share === 0 ? 'start' : share === 1 ? 'end' : 'middle',
      ),
    ];
  });
  return svgOf(HEIGHT, title, [
    ...grid,
    textOf([(LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10], x.label, 'middle'),
    textOf([LEFT, TOP - 10], y.label),
    ...legend,
    ...lines.map((line, place) => whiskersOf(line, { place, toX, toY })),
    ...shown.map(({ points, hasDots }, place) => {
      const placed = points.map(([at, value]): [number, number] => [toX(at), toY(value)]);
      const dots = hasDots === true ? placed.map(([cx, cy]) => dotOf(cx, cy, place)) : [];
      return `${pathOf(placed, place)}${dots.join('')}`;
    }),
  ]);
}

/** Bars from a common edge at 0, as SVG; negative ones go to the left of it. */
export function drawBars({ title, bars, format }: BarChart): string {
  const least = Math.min(0, ...bars.map(({ value }) => value));
  const most = Math.max(0, ...bars.map(({ value }) => value));
  const room = WIDTH - BAR_NAMES - 90;
  const toX = (value: number) => BAR_NAMES + ((value - least) / (most - least || 1)) * room;
  return svgOf(
    TOP + bars.length * BAR_HEIGHT,
    title,
    bars.flatMap(({ name, value }, place) => {
      const top = TOP - 16 + place * BAR_HEIGHT;
      const [from, to] = [Math.min(toX(0), toX(value)), Math.max(toX(0), toX(value))];
      return [
        textOf([BAR_NAMES - 8, top + 11], name, 'end'),
        `<rect x="${from.toFixed(1)}" y="${top}" width="${(to - from).toFixed(1)}" height="${BAR_HEIGHT - 5}" fill="${STYLES[0]?.colour}"/>`,
        textOf([to + 6, top + 11], format(value)),
      ];
    }),
  );
}

function svgOf(height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#374151" role="img">`,
    `<title>${escapeText(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${LEGEND_LINE}" y="18" font-weight="600">${escapeText(title)}</text>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function spanOf({ from, to }: Axis, values: readonly number[]): { from: number; to: number } {
  // Not by spreading: a curve may have more points than a call takes arguments.
  const least = values.reduce((one, other) => Math.min(one, other), Infinity);
  const most = values.reduce((one, other) => Math.max(one, other), -Infinity);
  const [low, high] = Number.isFinite(least) ? [least, most] : [0, 1];
  const beyond = (high - low || 1) * 0.04;
  return { from: from ?? low - beyond, to: to ?? high + beyond };
}

function whiskersOf(
  { points, bounds = [] }: ChartLine,
  { place, toX, toY }: { place: number; toX: (x: number) => number; toY: (y: number) => number },
): string {
  return bounds
    .map(([low, high], at) => {
      const x = toX(points[at]?.[0] ?? NaN);
      if (![x, low, high].every(Number.isFinite)) return '';
      return `<line x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${toY(low).toFixed(1)}" y2="${toY(high).toFixed(1)}" stroke="${styleOf(place).colour}" stroke-opacity="0.5"/>`;
    })
    .join('');
}

const styleOf = (place: number) => STYLES[place % STYLES.length] ?? { colour: '#000000', dash: '' };

function dotOf(x: number, y: number, place: number): string {
  return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="2.5" fill="${styleOf(place).colour}"/>`;
}

/** A line in the style of its place. */
function pathOf(points: readonly (readonly [number, number])[], place: number): string {
  const { colour, dash } = styleOf(place);
  const path = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
  return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.5"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}/>`;
}

function textOf(place: readonly [x: number, y: number], text: string, anchor = 'start'): string {
  const [x, y] = place;
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escapeText(text)}</text>`;
}

/** Text as it may stand between tags of HTML and SVG. */
export function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
