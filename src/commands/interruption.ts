import { releasePostgres } from '../core/index.ts';
import type { Terminal } from './terminal.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs a command so that Ctrl-C, or a polite kill, leaves no database behind: what it holds is closed, then the
 * process dies of the signal, as whoever sent it expects. A second signal ends it at once. A command that listens
 * for signals itself is left to its own end.
 */
export async function interruptible<Result>(
  work: () => Promise<Result>,
  terminal: Terminal,
): Promise<Result> {
  const interruption = watchSignals();
  try {
    const outcome = await Promise.race([
      work().then((value) => ({ value })),
      interruption.signal.then((signal) => ({ signal })),
    ]);
    if ('value' in outcome) return outcome.value;
    terminal.settle();
    terminal.say('Stopped; what was committed is kept, and the same command goes on from there.');
    await releasePostgres();
    process.kill(process.pid, outcome.signal);
    return await new Promise<never>(() => {});
  } finally {
    interruption.ignore();
  }
}

function watchSignals(): { signal: Promise<NodeJS.Signals>; ignore: () => void } {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  const listener = (signal: NodeJS.Signals) => {
    if (process.listenerCount(signal) > 1) return;
    ignore();
    resolve(signal);
  };
  function ignore(): void {
    for (const signal of SIGNALS) process.off(signal, listener);
  }
  for (const signal of SIGNALS) process.on(signal, listener);
  return { signal: promise, ignore };
}
