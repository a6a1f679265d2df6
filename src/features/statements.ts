/** All SQL of this module. Moments travel as epoch milliseconds in double precision, which holds them exactly. */

/** $1 asset, $2 feature set, $3 windows, $4 decisions, $5 degraded, $6 all values in one array, $7 values a row. */
export const INSERT_ROWS = `
  insert into feature_rows (asset, feature_set, window_end, as_of, "values", degraded)
  select $1, $2, to_timestamp(window_end / 1000), to_timestamp(as_of / 1000),
         ($6::float8[])[(place - 1) * $7::int + 1 : place * $7::int], degraded
  from unnest($3::float8[], $4::float8[], $5::bool[]) with ordinality as given (window_end, as_of, degraded, place)`;

/** $1 asset, $2 feature set, $3 after, $4 up to. The values as one text a row: cheaper to read than an array. */
export const READ_ROWS = `
  select (extract(epoch from window_end) * 1000)::float8 as window_end,
         (extract(epoch from as_of) * 1000)::float8 as as_of, array_to_string("values", ' ') as values, degraded
  from feature_rows
  where asset = $1 and feature_set = $2
    and window_end > to_timestamp($3::float8 / 1000) and window_end <= to_timestamp($4::float8 / 1000)
  order by window_end`;

/** $1 asset, $2 feature set, $3 window, $4 state. */
export const INSERT_STATE = `
  insert into feature_state (asset, feature_set, window_end, state)
  values ($1, $2, to_timestamp($3::float8 / 1000), $4)`;

/** $1 asset, $2 feature set, $3 window: the states that the one of this window makes superfluous. */
export const DELETE_OLDER_STATES = `
  delete from feature_state where asset = $1 and feature_set = $2 and window_end < to_timestamp($3::float8 / 1000)`;

/** $1 asset, $2 feature set. */
export const READ_LATEST_STATE = `
  select (extract(epoch from window_end) * 1000)::float8 as window_end, state
  from feature_state where asset = $1 and feature_set = $2 order by window_end desc limit 1`;
