import { messageOf, type Config, type Log } from './core/index.ts';
import { modelVersionOf, parseModelVersion, type ScorerStore } from './registry/index.ts';
import {
  createVader,
  SCORER_FAMILIES,
  scorerName,
  scorerUnavailable,
  unavailableBecause,
  type Scorer,
  type ScorerFamily,
  type Scorers,
  type ScorerState,
} from './sentiment/index.ts';

/** A scorer with what its user should know of it. */
export interface LoadedScorer {
  scorer: Scorer;
  note: string | null;
}

/** How a family answers where no version of it was deployed. */
export interface BuiltInScorer {
  /**
   * The number that it has; versions that are trained come after it. What it loads may add to it what it was made of,
   * `1.0.0+1f2e3d4c`.
   */
  version: string;
  /** True where its files are here, so that it loads by itself; else it is fetched when somebody asks for it. */
  isHere(): Promise<boolean>;
  load(onProgress: (phrase: string) => void, signal?: AbortSignal): Promise<LoadedScorer>;
  /** What is said while it is not here; default: that its files are to be fetched, which asking for it begins. */
  missing?: { reason: string; remedy: string };
}

/** What the scorers of an installation are made of. */
export interface ScorersOptions {
  store: ScorerStore;
  families: Readonly<Record<string, ScorerFamily>>;
  /** By family; families that are only ever trained have none. */
  builtIn: Readonly<Record<string, BuiltInScorer>>;
  /** Families that are switched off, with how to switch them on. */
  off?: Readonly<Record<string, string>>;
  /** True: nothing is opened before it is asked for by `find`. */
  isLazy?: boolean;
  /** Handed what tells which scorers are ready, the ensemble apart; before any is opened. */
  onMembers?: (ready: () => readonly Scorer[]) => void;
  /** Told what is being done for a family, while it takes long. */
  onProgress?: (family: string, phrase: string) => void;
  /** When aborted, what is being opened is given up. */
  signal?: AbortSignal;
  log: Log;
}

/** The scorers of an installation, open. */
export interface OpenScorers extends Scorers {
  /**
   * The scorers whose sentiment the windows of a run fold: of every family that is ready and wanted the version that
   * answers, and those that live price models were trained on.
   * @param options.read - `family@version` that live price models read
   */
  lanes(options: {
    read: readonly string[];
    isWanted: (family: string) => boolean;
  }): Promise<{ further: Scorer[]; trained: string[] }>;
  /**
   * A scorer by name, opened if need be.
   * @param name - `family@version`, or a family: what answers, else its newest version
   * @throws AppError `SENTIMENT_UNAVAILABLE`, `REGISTRY_...`
   */
  find(name: string): Promise<Scorer>;
  /** Opens what a version of a family stands on before it is trained or loaded: of an ensemble all others. */
  openFor(family: string): Promise<void>;
  close(): Promise<void>;
}

/** Pause after a load that failed before asking for the family begins another. */
const RETRY_AFTER_MS = 60_000;
/** Never takes long and needs nothing, so that there is always an answer. */
const REFERENCE = createVader();
const ENSEMBLE = 'ensemble';

/**
 * Opens every family: what is deployed, else what is built in. One that cannot be opened is unavailable with its reason;
 * the rest goes on. A family whose files are not here yet begins to be fetched when it is asked for by name (`of`).
 */
export async function openScorers(options: ScorersOptions): Promise<OpenScorers> {
  const { store, log, isLazy = false, onMembers } = options;
  const shelf = new ScorerShelf(options, await deployedVersions(store, log));
  onMembers?.(() =>
    shelf
      .all()
      .flatMap((state) => (state.state === 'ready' && state.family !== ENSEMBLE ? [state.scorer] : [])),
  );
  if (!isLazy) for (const family of SCORER_FAMILIES) await shelf.open(family);
  return shelf;
}

/** A version, with the hash of its manifest where the ledger holds one. */
interface Wanted {
  family: string;
  version: string;
  manifestHash?: string | null;
}

/** A load that was begun, and when it failed. */
interface Load {
  work: Promise<void>;
  failedAt: number | null;
}

/** Which family stands how; a family is opened once, and again only after a pause when that failed. */
class ScorerShelf implements OpenScorers {
  readonly #options: ScorersOptions;
  readonly #deployed: ReadonlyMap<string, Wanted>;
  readonly #states = new Map<string, ScorerState>();
  /** By `family@version`. */
  readonly #loaded = new Map<string, Scorer>([[scorerName(REFERENCE), REFERENCE]]);
  readonly #loads = new Map<string, Load>();
  readonly #ending = new AbortController();

  constructor(options: ScorersOptions, deployed: ReadonlyMap<string, Wanted>) {
    this.#options = options;
    this.#deployed = deployed;
    const { signal } = options;
    if (signal?.aborted === true) this.#ending.abort();
    signal?.addEventListener('abort', () => this.#ending.abort(), { once: true });
  }

  all(): ScorerState[] {
    return SCORER_FAMILIES.map((family) => this.#states.get(family)).filter((state) => state !== undefined);
  }

  of(family: string): ScorerState | null {
    const state = this.#states.get(family) ?? null;
    if (state?.state !== 'unavailable' || !this.#mayBeTried(family)) return state;
    const own = this.#options.builtIn[family];
    const wanted = this.#wanted(family);
    // What was deployed is never silently replaced by what is built in.
    if (wanted !== null) void this.#begin(family, () => this.#loadVersion(wanted));
    else if (own !== undefined && own.missing === undefined) void this.#beginOwn(family, own);
    return this.#states.get(family) ?? null;
  }

  named(name: string): Scorer | null {
    return this.#loaded.get(name) ?? null;
  }

  async lanes({ read, isWanted }: Parameters<OpenScorers['lanes']>[0]) {
    const current = this.all().flatMap((state) =>
      state.state === 'ready' && isWanted(state.family) && isLane(state.scorer) ? [state.scorer] : [],
    );
    const trained = current.map(scorerName);
    const names = new Set([...trained, ...read].filter((name) => name !== scorerName(REFERENCE)));
    const further: Scorer[] = [];
    for (const name of names) {
      try {
        const scorer = await this.#findNamed(name);
        // A short name, as older models have it, may mean one that is there by its whole name.
        if (!further.includes(scorer)) further.push(scorer);
      } catch (error) {
        // Its models are refused one by one, as their features are not computed.
        this.#options.log.error(
          { scorer: name, reason: messageOf(error) },
          'a scorer that is read cannot be opened',
        );
      }
    }
    return { further, trained: trained.length === 0 ? [scorerName(REFERENCE)] : trained };
  }

  async find(name: string): Promise<Scorer> {
    if (name.includes('@')) return this.#findNamed(name);
    if (!SCORER_FAMILIES.some((family) => family === name)) {
      throw scorerUnavailable(name, {
        reason: 'nobody knows this family.',
        remedy: `There are ${SCORER_FAMILIES.join(', ')}.`,
      });
    }
    // An ensemble stands on all others.
    const needed = name === ENSEMBLE ? SCORER_FAMILIES : [name];
    for (const family of needed) if (!this.#states.has(family)) await this.open(family);
    await this.#loads.get(name)?.work;
    const state = this.#states.get(name);
    if (state?.state === 'ready') return state.scorer;
    const { store, off = {} } = this.#options;
    const version = (await store.versionsOf(name)).at(-1);
    if (version !== undefined && off[name] === undefined) {
      return this.#findNamed(modelVersionOf({ family: name, version }));
    }
    const { reason = 'it is being opened.', remedy = '' } = state?.state === 'unavailable' ? state : {};
    throw scorerUnavailable(name, { reason, remedy });
  }

  async openFor(family: string): Promise<void> {
    if (family !== ENSEMBLE) return;
    for (const member of SCORER_FAMILIES) {
      if (member !== ENSEMBLE && !this.#states.has(member)) await this.open(member);
    }
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await Promise.allSettled([...this.#loads.values()].map(({ work }) => work));
    await Promise.allSettled([...new Set(this.#loaded.values())].map((scorer) => scorer.close?.()));
  }

  /** What is deployed, else what is built in and here. */
  async open(family: string): Promise<void> {
    const { off = {}, builtIn } = this.#options;
    const hint = off[family];
    const wanted = this.#wanted(family);
    const own = builtIn[family];
    if (hint !== undefined) this.#setUnavailable(family, 'It is switched off.', hint);
    else if (wanted !== null) await this.#begin(family, () => this.#loadVersion(wanted));
    else if (own === undefined) await this.#setUntrained(family);
    else if (await own.isHere()) await this.#beginOwn(family, own);
    else this.#setMissing(family, own);
  }

  /** The version that was deployed, where that is not what is built in. */
  #wanted(family: string): Wanted | null {
    const wanted = this.#deployed.get(family);
    return wanted === undefined || wanted.version === this.#options.builtIn[family]?.version ? null : wanted;
  }

  #beginOwn(family: string, own: BuiltInScorer): Promise<void> {
    return this.#begin(family, (tell) => own.load(tell, this.#ending.signal));
  }

  #mayBeTried(family: string): boolean {
    if (this.#options.off?.[family] !== undefined) return false;
    const failedAt = this.#loads.get(family)?.failedAt ?? -Infinity;
    return performance.now() - failedAt > RETRY_AFTER_MS;
  }

  async #loadVersion(wanted: Wanted): Promise<LoadedScorer> {
    const family = this.#options.families[wanted.family];
    if (family === undefined) {
      throw scorerUnavailable(wanted.family, {
        reason: 'nobody knows how to load it.',
        remedy: 'See scorers list.',
      });
    }
    await this.openFor(wanted.family);
    const { manifestHash = null } = wanted;
    const version = await this.#options.store.open(wanted.family, wanted.version, { manifestHash });
    const loaded = await family.load(version.files, wanted.version);
    const scorer: Scorer = { ...loaded, knownSince: Date.parse(version.manifest.trainedAt) };
    return { scorer, note: `trained on ${version.manifest.data.map(({ file }) => file).join(', ')}` };
  }

  /** The states of a family while it is being opened, and after. */
  #begin(
    family: string,
    load: (onProgress: (phrase: string) => void) => Promise<LoadedScorer>,
  ): Promise<void> {
    this.#states.set(family, { family, state: 'loading', progress: 'being opened' });
    const entry: Load = { failedAt: null, work: Promise.resolve() };
    const tell = (progress: string) => {
      this.#states.set(family, { family, state: 'loading', progress });
      this.#options.onProgress?.(family, progress);
    };
    entry.work = load(tell).then(
      ({ scorer, note }) => {
        this.#loaded.set(scorerName(scorer), scorer);
        this.#states.set(family, { family, state: 'ready', scorer, note });
      },
      (error: unknown) => {
        entry.failedAt = performance.now();
        this.#options.log.warn({ family, reason: messageOf(error) }, 'a scorer cannot be opened');
        this.#fail(family, error);
      },
    );
    this.#loads.set(family, entry);
    return entry.work;
  }

  /** A version of VADER that cannot be read leaves the reference, which always can. */
  #fail(family: string, error: unknown): void {
    if (family === REFERENCE.family) {
      const note = `${REFERENCE.version} stands in for what is deployed: ${messageOf(error)}`;
      this.#states.set(family, { family, state: 'ready', scorer: REFERENCE, note });
    } else this.#states.set(family, unavailableBecause(family, error));
  }

  #setUnavailable(family: string, reason: string, remedy: string): void {
    this.#states.set(family, { family, state: 'unavailable', reason, remedy });
  }

  #setMissing(family: string, { missing }: BuiltInScorer): void {
    const {
      reason = 'Its files are not here yet.',
      remedy = `Ask POST /predict/${family} once, or run npm run bellwether -- scorers fetch ${family}: it is then fetched, which takes some minutes.`,
    } = missing ?? {};
    this.#setUnavailable(family, reason, remedy);
  }

  async #setUntrained(family: string): Promise<void> {
    const versions = await this.#options.store.versionsOf(family);
    const newest = versions.at(-1);
    if (newest === undefined) {
      const remedy = `Train one: npm run bellwether -- retrain --family ${family} --data FILE.jsonl, then deploy it.`;
      this.#setUnavailable(family, 'No version of it has been trained here.', remedy);
      return;
    }
    const remedy = `npm run bellwether -- deploy --family ${family} --version ${newest}, then start again.`;
    this.#setUnavailable(family, `Of its ${versions.length} version(s) none is deployed.`, remedy);
  }

  async #findNamed(name: string): Promise<Scorer> {
    const known = this.#loaded.get(name);
    if (known !== undefined) return known;
    const [family = '', version = ''] = name.split('@');
    const own = this.#options.builtIn[family];
    if (own !== undefined && numberOf(version) === own.version) return this.#findOwn(name, family, own);
    const parsed = parseModelVersion(name);
    if (parsed === null) {
      throw scorerUnavailable(name, {
        reason: 'that is no version of a scorer.',
        remedy: 'Write it like linear@1.0.0.',
      });
    }
    const deployed = this.#deployed.get(family);
    const { scorer } = await this.#loadVersion(deployed?.version === version ? deployed : parsed);
    this.#loaded.set(name, scorer);
    return scorer;
  }

  /** What is built in, though another version may be deployed; with what it is made of in its name it must be that. */
  async #findOwn(name: string, family: string, own: BuiltInScorer): Promise<Scorer> {
    const hint = this.#options.off?.[family];
    if (hint !== undefined) throw scorerUnavailable(name, { reason: 'it is switched off.', remedy: hint });
    await this.openFor(family);
    const isSame = (scorer: Scorer) =>
      scorer.family === family && (scorerName(scorer) === name || !name.includes('+'));
    const state = this.#states.get(family);
    if (state?.state === 'ready' && numberOf(state.scorer.version) === own.version && isSame(state.scorer)) {
      return state.scorer;
    }
    const { scorer } = await own.load(() => {}, this.#ending.signal);
    if (!isSame(scorer)) {
      await scorer.close?.();
      const reason = `${scorerName(scorer)} is in its place.`;
      const remedy = 'Point the setting at the model of before, or train price models anew.';
      throw scorerUnavailable(name, { reason, remedy });
    }
    this.#loaded.set(scorerName(scorer), scorer);
    return scorer;
  }
}

/** `1.0.0` of `1.0.0+1f2e3d4c`. */
function numberOf(version: string): string {
  return version.split('+', 1)[0] ?? version;
}

/** An ensemble that nobody has fitted changes with whoever is there: nothing that lasts may be made of it. */
function isLane({ family, version }: Scorer): boolean {
  return family !== ENSEMBLE || version !== '1.0.0';
}

/** The newest entry of each family. A ledger that was changed by hand deploys nothing. */
async function deployedVersions(store: ScorerStore, log: Log) {
  try {
    return new Map((await store.deployments()).map((entry) => [entry.family, entry]));
  } catch (error) {
    log.error({ reason: messageOf(error) }, 'the ledger of scorers cannot be read: what is built in answers');
    return new Map<string, never>();
  }
}

/** Whether a family's sentiment is to be folded into features, by the setting. */
export function wantedLanes({ scorers }: Pick<Config, 'scorers'>): (family: string) => boolean {
  return (family) => scorers === 'all' || family === REFERENCE.family || scorers.split(',').includes(family);
}

/** Facts for the name of a workspace: none where the reference VADER alone is folded. */
export function laneFacts(scorers: readonly string[]): Record<string, string> {
  return scorers.length === 0 ? {} : { scorers: scorers.join(' ') };
}
