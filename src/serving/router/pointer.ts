import type { DeployedModels } from '../../prediction/index.ts';

/** Models with those who are being answered by them. */
interface Slot {
  readonly models: DeployedModels;
  inside: number;
  onEmpty: (() => void) | null;
}

/** The one place that says which models answer. */
export interface Pointer {
  current(): DeployedModels;
  /** Does work with the present models and counts it until it is over. */
  use<Result>(work: (models: DeployedModels) => Result | Promise<Result>): Promise<Result>;
  /** Flips at once. @returns how many were still inside with the old models after the time */
  flip(models: DeployedModels, drainMs: number): Promise<number>;
}

export function createPointer(initial: DeployedModels): Pointer {
  let slot: Slot = { models: initial, inside: 0, onEmpty: null };
  return {
    current: () => slot.models,
    async use(work) {
      const held = slot;
      held.inside += 1;
      try {
        return await work(held.models);
      } finally {
        held.inside -= 1;
        if (held.inside === 0) held.onEmpty?.();
      }
    },
    async flip(models, drainMs) {
      const old = slot;
      slot = { models, inside: 0, onEmpty: null };
      await emptied(old, drainMs);
      return old.inside;
    },
  };
}

async function emptied(slot: Slot, forMs: number): Promise<void> {
  if (slot.inside === 0) return;
  await new Promise<void>((settle) => {
    const timer = setTimeout(settle, forMs);
    slot.onEmpty = () => {
      clearTimeout(timer);
      settle();
    };
  });
}
