/** All SQL of this module. Moments travel as epoch milliseconds in double precision, which holds them exactly. */

const epochMs = (column: string) => `(extract(epoch from ${column}) * 1000)::float8`;

/** $1 what is locked: until the transaction ends nobody else of the workspace gets past here. */
export const LOCK = `select pg_advisory_xact_lock(hashtextextended(current_schema() || ':' || $1, 0))`;

const VERSION_COLUMNS = `
  asset, family, version, manifest_hash as "manifestHash", recipe, feature_set as "featureSet", scorer, parent,
  ${epochMs('trained_at')} as "trainedAt", ${epochMs('expires_at')} as "expiresAt"`;

/** No row comes back when the number is taken. */
export const INSERT_VERSION = `
  insert into model_versions (asset, family, version, manifest_hash, recipe, feature_set, scorer, parent, trained_at,
                              expires_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9::timestamptz, $10::timestamptz)
  on conflict do nothing returning version`;

/** $1 family, $2 version. */
export const FIND_VERSION = `select ${VERSION_COLUMNS} from model_versions where family = $1 and version = $2`;

/** $1 asset or null for all, $2 family or null for all: by family, the newest of each first. */
export const LIST_VERSIONS = `
  select ${VERSION_COLUMNS} from model_versions
  where asset = coalesce($1, asset) and family = coalesce($2, family)
  order by family collate "C", string_to_array(version, '.')::int[] desc`;

export const INSERT_RUN = `
  insert into runs (asset, family, version, at, trigger, status, reason, parameters, metrics, data_hash, trials)
  values ($1, $2, $3, to_timestamp($4::float8 / 1000), $5, $6, $7, $8, $9, $10, $11)`;

/** $1 asset, $2 family or null for all, $3 up to, $4 limit, $5 triggers or null for all: newest first. */
export const READ_RUNS = `
  select asset, family, version, ${epochMs('at')} as at, trigger, status, reason, parameters, metrics,
         data_hash as "dataHash", trials
  from runs
  where asset = $1 and family = coalesce($2, family) and at <= coalesce(to_timestamp($3::float8 / 1000), 'infinity')
    and ($5::text[] is null or trigger = any ($5))
  order by id desc limit $4`;

export const INSERT_DECISIONS = `
  insert into gate_decisions (asset, at, horizon_minutes, arm, kind, candidate, incumbent_arm, incumbent, n, gain, low,
                              high, threshold, agreement, verdict, reason)
  select $1, to_timestamp(at / 1000), horizon, arm, kind, candidate, incumbent_arm, incumbent, n, gain, low, high,
         threshold, agreement, verdict, reason
  from unnest($2::float8[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int[],
              $10::float8[], $11::float8[], $12::float8[], $13::float8[], $14::float8[], $15::text[], $16::text[])
    as given (at, horizon, arm, kind, candidate, incumbent_arm, incumbent, n, gain, low, high, threshold, agreement,
              verdict, reason)`;

/** $1 asset, $2 candidate or null for all, $3 up to, $4 limit: newest first. */
export const READ_DECISIONS = `
  select ${epochMs('at')} as at, horizon_minutes as "horizonMinutes", arm, kind, candidate,
         incumbent_arm as "incumbentArm", incumbent, n, gain, low, high, threshold, agreement, verdict, reason
  from gate_decisions
  where asset = $1 and candidate = coalesce($2, candidate)
    and at <= coalesce(to_timestamp($3::float8 / 1000), 'infinity')
  order by id desc limit $4`;

export const INSERT_ABLATION = `
  insert into ablations (asset, at, model_version, arm, scorer, horizon_minutes, window_from, window_to, n, seed, variants)
  values ($1, to_timestamp($2::float8 / 1000), $3, $4, $5, $6, to_timestamp($7::float8 / 1000),
          to_timestamp($8::float8 / 1000), $9, $10, $11)`;

/** $1 asset, $2 horizon, $3 scorer or its family, $4 up to, each null for all: the newest of each horizon and arm. */
export const LATEST_ABLATIONS = `
  select * from (
    select distinct on (horizon_minutes, arm)
           ${epochMs('at')} as at, model_version as "modelVersion", arm, scorer, horizon_minutes as "horizonMinutes",
           ${epochMs('window_from')} as "from", ${epochMs('window_to')} as "to", n, seed, variants
    from ablations
    where asset = $1 and horizon_minutes = coalesce($2, horizon_minutes)
      and ($3::text is null or $3 in (scorer, split_part(scorer, '@', 1)))
      and at <= coalesce(to_timestamp($4::float8 / 1000), 'infinity')
    order by horizon_minutes, arm, id desc) as newest
  order by "horizonMinutes", arm collate "C"`;

const DEPLOYMENT_COLUMNS = `id, asset, ${epochMs('at')} as at, kind, actor, reason, changes, state, undoes`;

export const INSERT_DEPLOYMENT = `
  insert into deployments (asset, at, kind, actor, reason, changes, state, undoes)
  values ($1, to_timestamp($2::float8 / 1000), $3, $4, $5, $6, $7, $8)
  returning id`;

/** $1 asset, $2 up to, $3 limit: newest first. No entry stands before an older one, so ids order moments too. */
export const READ_DEPLOYMENTS = `
  select ${DEPLOYMENT_COLUMNS} from deployments
  where asset = $1 and at <= coalesce(to_timestamp($2::float8 / 1000), 'infinity')
  order by id desc limit $3`;

/** $1 asset: the newest entry that is no rollback and was not taken back. */
export const LAST_STANDING_DEPLOYMENT = `
  select ${DEPLOYMENT_COLUMNS} from deployments
  where asset = $1 and kind <> 'rollback'
    and not exists (select from deployments later where later.undoes = deployments.id)
  order by id desc limit 1`;

/** $1 asset: every version that an entry made live for an arm and horizon. */
export const EVER_LIVE = `
  select distinct change ->> 'to' as version
  from deployments, jsonb_array_elements(changes) as change
  where asset = $1 and change ->> 'kind' = 'model' and change ->> 'to' is not null`;

/** $1 asset: how much was learnt. What was first live was no promotion, and what waits to be deployed is none yet. */
export const COUNT_LEARNING = `
  select
    (select count(*) from runs where asset = $1 and status = 'done')::int as retrains,
    (select count(*) from deployments, jsonb_array_elements(changes) as change
     where asset = $1 and kind = 'retraining' and change ->> 'from' is not null)::int as promotions,
    (select count(*) from deployments where asset = $1 and kind = 'rollback')::int as rollbacks`;
