export { backtestOverfitting } from './backtest-overfitting.ts';
export {
  blockBootstrapBounds,
  blockBootstrapInterval,
  FEWEST_BLOCKS,
  widenForFewBlocks,
} from './bootstrap.ts';
export {
  accuracy,
  areaUnderRoc,
  balancedAccuracy,
  brierScore,
  logLoss,
  logLossOf,
  matthewsCorrelation,
  sigmoid,
} from './classification.ts';
export { classificationIntervals, type Bounds } from './classification-bootstrap.ts';
export { createCurvature, dot, norm, type Place } from './curvature.ts';
export { isotonicRegression, isotonicValue, type IsotonicFit } from './isotonic-regression.ts';
export { logisticRegression } from './logistic-regression.ts';
export { fitTemperature, softmaxLogLoss } from './calibration.ts';
export {
  multinomialLogistic,
  multinomialLogisticSteps,
  type MultinomialFit,
  type MultinomialProblem,
  type SparseRows,
} from './multinomial-logistic.ts';
export { countClusters, resampleClusters } from './cluster-bootstrap.ts';
export { dieboldMariano } from './diebold-mariano.ts';
export { gaussLegendre, type Quadrature } from './gauss-legendre.ts';
export { mcnemar } from './mcnemar.ts';
export { normalCdf } from './normal.ts';
export { breakEvenAccuracy, COST_GRID, paperTrade, positionsOf } from './paper-trading.ts';
export { pesaranTimmermann } from './pesaran-timmermann.ts';
export { plattScaling } from './platt-scaling.ts';
export { quantile } from './quantile.ts';
export {
  equalWidthBin,
  expectedCalibrationError,
  reliabilityBins,
  type ReliabilityBin,
} from './reliability.ts';
export { deflatedSharpe, expectedMaximumSharpe, probabilisticSharpe, sharpeMoments } from './sharpe.ts';
export { superiorPredictiveAbility } from './superior-predictive-ability.ts';
