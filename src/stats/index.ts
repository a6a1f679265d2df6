export { blockBootstrapInterval, type BootstrapProblem, type MeanInterval } from './bootstrap.ts';
export {
  accuracy,
  areaUnderRoc,
  brierScore,
  logLoss,
  matthewsCorrelation,
  sigmoid,
} from './classification.ts';
export { logisticRegression, type LogisticFit, type LogisticProblem } from './logistic-regression.ts';
export { normalCdf } from './normal.ts';
export { quantile } from './quantile.ts';
