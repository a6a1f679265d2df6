export { measurePerformance, type ArmPerformance } from './performance.ts';
