/*
 * What the answers are made of, in the code's own words (camelCase, epoch milliseconds, NaN or null = missing).
 * These files import nothing but each other, because the page's build reads them through contract.ts.
 */

export type * from './views/signal.ts';
export type * from './views/predict.ts';
export type * from './views/models.ts';
export type * from './views/ablation.ts';
