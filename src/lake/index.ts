export {
  compareObservations,
  type CandleObservation,
  type IndexObservation,
  type Observation,
  type TextObservation,
} from './records.ts';
