/** All SQL of this module. Moments travel as epoch milliseconds in double precision, which holds them exactly. */

export const INSERT_PREDICTIONS = `
  insert into predictions (asset, window_end, horizon_minutes, arm, model_version, probability_up, direction,
                           sentiment, predicted_at, matures_at, degraded, abstention)
  select $1, to_timestamp(window_end / 1000), horizon, arm, version, probability, direction, sentiment,
         to_timestamp(predicted_at / 1000), to_timestamp(matures_at / 1000), degraded, abstention
  from unnest($2::float8[], $3::int[], $4::text[], $5::text[], $6::float8[], $7::text[], $8::float8[], $9::float8[],
              $10::float8[], $11::bool[], $12::text[])
    as given (window_end, horizon, arm, version, probability, direction, sentiment, predicted_at, matures_at, degraded,
              abstention)`;

export const INSERT_OUTCOMES = `
  insert into outcomes (asset, window_end, horizon_minutes, entry_delay_minutes, outcome, future_return, known_at)
  select $1, to_timestamp(window_end / 1000), horizon, delay, outcome, future_return, to_timestamp(known_at / 1000)
  from unnest($2::float8[], $3::int[], $4::int[], $5::text[], $6::float8[], $7::float8[])
    as given (window_end, horizon, delay, outcome, future_return, known_at)`;

const PREDICTION_COLUMNS = `
  p.asset, (extract(epoch from p.window_end) * 1000)::float8 as window_end, p.horizon_minutes, p.arm, p.model_version,
  p.probability_up, p.direction, p.sentiment, (extract(epoch from p.predicted_at) * 1000)::float8 as predicted_at,
  (extract(epoch from p.matures_at) * 1000)::float8 as matures_at, p.degraded,
  p.abstention`;

const WITH_OUTCOME = `
  from predictions p left join outcomes o
    on o.asset = p.asset and o.window_end = p.window_end and o.horizon_minutes = p.horizon_minutes
   and o.entry_delay_minutes = 0 and o.known_at <= to_timestamp($2::float8 / 1000)`;

/** $1 asset, $2 what was known by, $3 after window, $4 up to window: in the order of the prediction file. */
export const READ_ALL = `
  select ${PREDICTION_COLUMNS}, o.outcome ${WITH_OUTCOME}
  where p.asset = $1 and p.window_end > to_timestamp($3::float8 / 1000) and p.window_end <= to_timestamp($4::float8 / 1000)
  order by p.window_end, p.horizon_minutes, p.arm collate "C"`;

/** $1 asset, $2 what was known by, $3 arm, $4 horizon, $5 after, $6 up to, $7 limit: newest first. */
export const READ_ARM = `
  select ${PREDICTION_COLUMNS}, o.outcome ${WITH_OUTCOME}
  where p.asset = $1 and p.arm = $3 and p.horizon_minutes = $4
    and p.window_end > to_timestamp($5::float8 / 1000) and p.window_end <= to_timestamp($6::float8 / 1000)
    and p.predicted_at <= to_timestamp($2::float8 / 1000)
  order by p.window_end desc limit $7`;

/** $1 asset, $2 after, $3 up to, $4 the bar: the two outcomes beside each prediction, for scoring. */
export const READ_SCORED = `
  select (extract(epoch from p.window_end) * 1000)::float8 as window_end, p.horizon_minutes, p.arm, p.probability_up,
         now.outcome, later.outcome as outcome_later
  from predictions p
  left join outcomes now on now.asset = p.asset and now.window_end = p.window_end
    and now.horizon_minutes = p.horizon_minutes and now.entry_delay_minutes = 0
  left join outcomes later on later.asset = p.asset and later.window_end = p.window_end
    and later.horizon_minutes = p.horizon_minutes and later.entry_delay_minutes = $4
  where p.asset = $1 and p.window_end > to_timestamp($2::float8 / 1000) and p.window_end <= to_timestamp($3::float8 / 1000)
  order by p.window_end, p.horizon_minutes, p.arm collate "C"`;

export const COUNT_PREDICTIONS = `
  select count(*)::int as predictions, count(distinct window_end)::int as windows,
         (extract(epoch from max(window_end)) * 1000)::float8 as last_window
  from predictions where asset = $1`;

/** $1 asset, $2 arm, $3 horizon. */
export const FIRST_PREDICTED_AT = `
  select (extract(epoch from predicted_at) * 1000)::float8 as first from predictions
  where asset = $1 and arm = $2 and horizon_minutes = $3 order by window_end limit 1`;

/** Lets the planner know how large the tables have become: without, it joins them row by row. */
export const ANALYZE_LEDGER = 'analyze predictions, outcomes';
