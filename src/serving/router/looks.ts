import { messageOf, type Log } from '../../core/index.ts';

const EVERY_MS = 500;

/**
 * Looks one at a time. Who asks during one gets the next, which sees what was written before the question.
 * @param parts.view - what is told after a look
 */
export function createLooks<View>({ look, view, log }: { look(): Promise<void>; view(): View; log: Log }) {
  let running: Promise<void> | null = null;
  let next: Promise<View> | null = null;
  let timer: NodeJS.Timeout | null = null;
  let isAway = false;

  function follow(): Promise<View> {
    if (running === null) {
      running = look().finally(() => {
        running = null;
      });
      return running.then(view);
    }
    next ??= running
      .catch(() => {})
      .then(() => {
        next = null;
        return follow();
      });
    return next;
  }

  async function poll(): Promise<void> {
    try {
      await follow();
      isAway = false;
    } catch (error) {
      // Once an outage, not twice a second.
      if (!isAway) log.warn({ reason: messageOf(error) }, 'the ledger cannot be followed for now');
      isAway = true;
    }
  }

  return {
    follow,
    start(everyMs = EVERY_MS): void {
      timer ??= setInterval(() => {
        if (running === null) void poll();
      }, everyMs).unref();
    },
    async stop(): Promise<void> {
      if (timer !== null) clearInterval(timer);
      timer = null;
      while (running !== null) await (running as Promise<void>).catch(() => {});
    },
  };
}
