declare module 'vader-sentiment' {
  interface Analyzer {
    polarity_scores(text: string): { compound: number; pos: number; neu: number; neg: number };
  }
  const exported: { SentimentIntensityAnalyzer: Analyzer };
  export = exported;
}
