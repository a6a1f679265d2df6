export { PAST_RETURN, type FeatureMatrix, type Model, type ModelFamily, type TrainingRows } from './model.ts';
