import { createModels, type Models } from '../compose.ts';
import type { Config } from '../core/index.ts';
import { familiesOf, type LearningSettings } from '../learning.ts';
import { armUnknown } from './errors.ts';

/** Families of price models whose versions the registry keeps. */
export function priceFamilies({ liveBarMinutes }: Config): string[] {
  return familiesOf(createModels(liveBarMinutes).arms).map(({ family }) => family.name);
}

/** @throws AppError `USAGE_INVALID` when the arm that is to answer at first is none whose models the registry keeps */
export function learningSettings(config: Config, { arms }: Models): LearningSettings {
  const names = arms.filter(({ isGoverned }) => isGoverned).map(({ name }) => name);
  if (!names.includes(config.answeringArm)) throw armUnknown(config.answeringArm, names);
  return {
    cadenceDays: config.retrainDays,
    expiryDays: config.expiryDays,
    firstChampion: config.answeringArm,
  };
}
