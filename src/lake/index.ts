export {
  compareObservations,
  type CandleObservation,
  type FoldKey,
  type IndexObservation,
  type Observation,
  type TextObservation,
} from './records.ts';
