export { blockBootstrapBounds, blockBootstrapInterval } from './bootstrap.ts';
export {
  accuracy,
  areaUnderRoc,
  brierScore,
  logLoss,
  matthewsCorrelation,
  sigmoid,
} from './classification.ts';
export { createCurvature, dot, norm, type Place } from './curvature.ts';
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
export { quantile } from './quantile.ts';
