import { workerData } from 'node:worker_threads';
import { workInTeam, type Membership } from './team.ts';

workInTeam(workerData as Membership);
