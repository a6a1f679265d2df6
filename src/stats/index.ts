export { blockBootstrapBounds, blockBootstrapInterval } from './bootstrap.ts';
export {
  accuracy,
  areaUnderRoc,
  brierScore,
  logLoss,
  matthewsCorrelation,
  sigmoid,
} from './classification.ts';
export { logisticRegression } from './logistic-regression.ts';
export { normalCdf } from './normal.ts';
