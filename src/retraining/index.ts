export { decideGate, GATE_LEVEL, type GateFinding, type GateQuestion } from './gate.ts';
export { retrainingDue, type DueRetraining, type RetrainingSchedule } from './policy.ts';
