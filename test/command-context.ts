import { readConfig } from '../src/core/index.ts';
import type { CommandContext } from '../src/commands/program.ts';

/** What a command said and gave back. */
export interface CommandTrace {
  context: CommandContext;
  /** Lines of progress, in order. */
  said: string[];
  /** The last result for people; empty before there is one. */
  text(): string;
  /** The last result for machines, as `--json` prints it. */
  json(): Record<string, unknown>;
}

/**
 * What a command is given, with everything it says kept.
 * @param environment - variables as the process would have them
 */
export function traceCommand(environment: Record<string, string>): CommandTrace {
  const said: string[] = [];
  let people = '';
  let machines = '{}';
  return {
    said,
    text: () => people,
    json: () => JSON.parse(machines) as Record<string, unknown>,
    context: {
      config: readConfig(environment),
      terminal: {
        say: (line) => said.push(line),
        progress: (phrase, done, total) => said.push(`${phrase}: ${done} of ${total}`),
        count: (phrase, detail) => said.push(`${phrase}: ${detail}`),
        settle: () => {},
        result(forPeople, forMachines) {
          people = forPeople;
          machines = JSON.stringify(forMachines);
        },
      },
    },
  };
}
