export { type FeatureDefinition, type FeatureGroup, type FeatureInput, type Moment } from './definition.ts';
export { createFeatureSet, type FeatureSet } from './feature-set.ts';
export { createFeatureLanes, type FeatureLanes, type ScoredColumns } from './lanes.ts';
export { createFeatureState, deserialiseFeatureState, type FeatureState } from './state.ts';
export { buildFeatureRows, type BuiltFeatures, type FeatureRows } from './build.ts';
export { labelBy, type LabelDefinition, type LabelledWindow } from './label-definitions.ts';
export { createCloseSeries, labelAt, type CloseSeries, type Label, type Outcome } from './labels.ts';
export {
  featureMigrations,
  readFeatureRows,
  readFeatureState,
  writeFeatureRows,
  writeFeatureState,
  type FeatureKey,
  type StoredFeatureRows,
} from './store.ts';
export { createOnlineStore, type LatestFeatures, type OnlineStore } from './online-store.ts';
