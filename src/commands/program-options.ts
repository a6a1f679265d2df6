import { integerArgument } from './usage.ts';

/** Options that several commands share. */
export const JSON_OPTION = ['--json', 'print the result as one line of JSON'] as const;
export const HISTORY_OPTION = ['--history <dir>', 'history folder (docs/history-folder.md)'] as const;
export const BAR_OPTION = '--bar <minutes>';
export const BAR_HELP = 'bar length; default: the one that reaches furthest';
export const WORKSPACE_HELP = 'one workspace; default: the running one, else live';
export const seed = integerArgument(-2_147_483_648, 2_147_483_647);
