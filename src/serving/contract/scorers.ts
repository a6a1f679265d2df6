import { z } from 'zod';
import type { ScorerStateView } from '../views.ts';

export const scorerStateSchema = z.strictObject({
  family: z.string(),
  state: z.enum(['ready', 'loading', 'unavailable']),
  version: z.string().optional().describe('What answers, where it is ready.'),
  note: z.string().optional().describe('What its user should know, such as fp32.'),
  progress: z.string().optional().describe('How far it is, while it is loading.'),
  reason: z.string().optional().describe('Why it is unavailable.'),
  remedy: z.string().optional().describe('What would change that.'),
  read_by: z.array(z.string()).describe('Live arms whose price model reads it.'),
});
export type ScorerStatus = z.infer<typeof scorerStateSchema>;

export function toScorerState(view: ScorerStateView): ScorerStatus {
  const { version, note, progress, reason, remedy } = view;
  return {
    family: view.family,
    state: view.state,
    ...(version === null ? {} : { version }),
    ...(note === null ? {} : { note }),
    ...(progress === null ? {} : { progress }),
    ...(reason === null ? {} : { reason }),
    ...(remedy === null ? {} : { remedy }),
    read_by: [...view.readBy],
  };
}
