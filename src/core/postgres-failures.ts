/** Why the server did not start, in words for a person. */
export interface StartFailure {
  reason: string;
  remedy: string;
  /** True when a second attempt, with another port and without orphans, may succeed. */
  mayPass: boolean;
}

const KNOWN: readonly { sign: RegExp; failure: StartFailure }[] = [
  {
    sign: /no space left on device|disk quota exceeded/i,
    failure: {
      reason: 'the disk is full',
      remedy: 'Free at least 200 MB, or name a folder on another disk in BELLWETHER_DATA_DIR.',
      mayPass: false,
    },
  },
  {
    sign: /address already in use|could not create any TCP\/IP sockets/i,
    failure: {
      reason: 'its port was taken by another program',
      remedy: 'Try again; a new port is chosen each time.',
      mayPass: true,
    },
  },
  {
    sign: /pre-existing shared memory block|lock file "postmaster.pid" already exists/i,
    failure: {
      reason: 'processes of a killed server still run',
      remedy: 'Wait until they end, or end the postgres processes of this data folder, then try again.',
      mayPass: true,
    },
  },
  {
    sign: /read-only file system/i,
    failure: {
      reason: 'the data folder is read-only',
      remedy: 'Name a folder that can be written in BELLWETHER_DATA_DIR.',
      mayPass: false,
    },
  },
  {
    sign: /wrong ownership|permission denied|operation not permitted/i,
    failure: {
      reason: 'the data folder belongs to another user',
      remedy: 'Run as the user who made it, give it to this user with chown -R, or set BELLWETHER_DATA_DIR.',
      mayPass: false,
    },
  },
  {
    sign: /database files are incompatible with server|was initialized by PostgreSQL version/i,
    failure: {
      reason: 'the database was made by another version of Postgres',
      remedy:
        'Go back to the version of Bellwether that made it, or start over with another BELLWETHER_DATA_DIR.',
      mayPass: false,
    },
  },
  {
    sign: /could not locate a valid checkpoint record|invalid (checkpoint|page)|incorrect checksum in control file/i,
    failure: {
      reason: 'the files of the database are damaged',
      remedy: 'Restore a backup, or move the data folder away and import again.',
      mayPass: false,
    },
  },
  {
    sign: /could not (create|map|resize).*shared memory|could not create semaphores|cannot allocate memory/i,
    failure: {
      reason: 'the machine gives it no memory',
      remedy:
        'End other programs, or raise the limits on memory and semaphores of this machine or container.',
      mayPass: false,
    },
  },
  {
    sign: /error while loading shared libraries|library not loaded/i,
    failure: {
      reason: 'a library that it needs is missing',
      remedy: 'Run npm ci again with install scripts allowed, or set DATABASE_URL to a Postgres of your own.',
      mayPass: false,
    },
  },
];

/**
 * Reads what the server said before it ended.
 * @param output - its lines on standard error
 * @param otherwise - the reason when nothing known is found in them
 */
export function explainFailure(output: string, otherwise: string): StartFailure {
  const known = KNOWN.find(({ sign }) => sign.test(output));
  return (
    known?.failure ?? {
      reason: otherwise,
      remedy:
        'The lines below say more; `doctor` checks disk, memory and rights. DATABASE_URL uses a server of your own.',
      mayPass: false,
    }
  );
}
