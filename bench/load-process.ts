import { generateLoad, type LoadPlan } from './load.ts';

/** The load comes from a process of its own: it answers a plan with a result, and ends with its parent. */
process.on('message', (plan: LoadPlan) => {
  void generateLoad(plan).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit());
