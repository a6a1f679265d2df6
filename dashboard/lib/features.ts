/** What a feature tells a reader who has not read docs/features.md. */
export interface FeatureText {
  label: string;
  meaning: string;
}

const TEXTS: Record<string, FeatureText> = {
  return_1bar: {
    label: 'Return, last bar',
    meaning: 'Log of this close over the one before. 0.01 is a rise of about one percent.',
  },
  return_4h: { label: 'Return, 4 h', meaning: 'Log of this close over the close four hours ago.' },
  return_24h: { label: 'Return, 24 h', meaning: 'Log of this close over the close a day ago.' },
  volatility_24h: {
    label: 'Volatility, 24 h',
    meaning: 'Standard deviation of the one-bar returns of the last day, per bar and not annualised.',
  },
  rsi_14: {
    label: 'Relative strength, 14 bars',
    meaning:
      'Wilder’s index: the share of upward movement. Above 70 is often called overbought, below 30 oversold.',
  },
  macd_histogram: {
    label: 'MACD histogram',
    meaning: 'How far the 12/26-bar momentum stands above its own 9-bar average, as a share of the close.',
  },
  bollinger_b_20: {
    label: 'Bollinger %b, 20 bars',
    meaning: 'Place of the close between the bands: 0 is the lower, 0.5 the mean, 1 the upper.',
  },
  volume_z_24h: {
    label: 'Volume against its day',
    meaning: 'This bar’s log volume, in standard deviations from the mean of the last day.',
  },
  news_sentiment_4h: {
    label: 'News sentiment, 4 h',
    meaning: 'Mean sentiment of the headlines that became known in the last four hours.',
  },
  news_sentiment_24h: {
    label: 'News sentiment, 24 h',
    meaning: 'Mean sentiment of the headlines that became known in the last day.',
  },
  news_count_24h: {
    label: 'News volume, 24 h',
    meaning: 'Log of today’s headline count over the 30-day daily mean; 0 is an ordinary day.',
  },
  news_dispersion_24h: {
    label: 'News disagreement, 24 h',
    meaning: 'Standard deviation of the headlines’ sentiment: 0 when all say the same.',
  },
  social_sentiment_24h: {
    label: 'Social sentiment, 24 h',
    meaning: 'Mean sentiment of the scored posts that became known in the last day.',
  },
  fear_greed: {
    label: 'Fear and greed',
    meaning: 'The latest published index of market mood: 0 is extreme fear, 100 extreme greed.',
  },
  hour_of_week: { label: 'Hour of the week', meaning: 'Whole hours since Monday 00:00 UTC.' },
};

const SIGNIFICANT_DIGITS = 4;

/** Label and meaning of a feature; one that this page does not know keeps its name. */
export function featureText(name: string): FeatureText {
  return TEXTS[name] ?? { label: name, meaning: 'Described in docs/features.md.' };
}

/** A feature's value to four significant digits with a true minus; null where it is missing. */
export function featureValue(value: number | null | undefined): string | null {
  if (value === null || value === undefined || !Number.isFinite(value)) return null;
  if (value === 0) return '0';
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  const digits = Math.min(8, Math.max(0, SIGNIFICANT_DIGITS - 1 - magnitude));
  const text = Number.isInteger(value) ? String(Math.abs(value)) : Math.abs(value).toFixed(digits);
  return value < 0 ? `−${text}` : text;
}

/** A unit as people read it: the range `-1..1` is `−1 to 1`. */
export function featureUnit(unit: string): string {
  return unit.replace('..', ' to ').replace(/(^|\s)-(?=\d)/g, '$1−');
}
