import { describeCrash, runProgram } from './commands/program.ts';

try {
  process.exitCode = await runProgram(process.argv.slice(2));
} catch (error) {
  console.error(describeCrash(error));
  process.exitCode = 1;
}
