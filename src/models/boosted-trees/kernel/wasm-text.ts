import {
  BIN_STEP,
  BIN_STEP_BYTES,
  CANDIDATE,
  CANDIDATE_BYTES,
  EXPONENTIAL,
  GROUP_COLUMNS,
  GROUP_FIELDS,
  HEADER,
  HESSIAN_FLOOR,
  JOB,
  LEAST_HESSIAN,
  NODE,
  ROUNDER,
  SLOT_BYTES,
  STEP,
  STEP_BYTES,
  TREE,
  TREE_BYTES,
} from './layout.ts';

/** Bits of `ROUNDER` need no mention: the exponent falls off when the whole part is shifted to its place. */
const EXPONENT_BIAS = 1_023;
const EXPONENT_SHIFT = 52;

/** The kernel in WebAssembly's text format. Two doubles are worked on at once: gradient and hessian, left and right. */
export function wasmText(): string {
  return `(module
  (import "env" "memory" (memory 1 65536 shared))
${gradients()}
${[1, 2, 3, 4].map(sumLanes).join('\n')}
${sum()}
${scanColumn()}
${scan()}
${children()}
${partition()}
${settle()}
${leaf()}
${restOf()}
${walkRows(4)}
${walkRows(1)}
${walk()}
  (export "gradients" (func $gradients))
  (export "sum" (func $sum))
  (export "scan" (func $scan))
  (export "children" (func $children))
  (export "partition" (func $partition))
  (export "settle" (func $settle))
  (export "leaf" (func $leaf))
  (export "rest" (func $rest))
  (export "walk" (func $walk)))
`;
}

const splat = (value: number) => `(f64x2.splat (f64.const ${value}))`;
const headerInt = (offset: number) => `(i32.load offset=${offset} (i32.const 0))`;
const headerSplat = (offset: number) => `(v128.load64_splat offset=${offset} (i32.const 0))`;
const field = (offset: number) => `(i32.load offset=${offset} (local.get $job))`;
const twoFloats = (pointer: string) => `(f64x2.promote_low_f32x4 (v128.load64_zero (local.get $${pointer})))`;
const asFloat = (value: string) => `(f64x2.promote_low_f32x4 (f32x4.demote_f64x2_zero ${value}))`;
const rounded = (value: string) => `(f64x2.sub (f64x2.add ${value} ${splat(ROUNDER)}) ${splat(ROUNDER)})`;
const element = (base: string, place: string, shift: number) =>
  `(i32.add ${base} (i32.shl ${place} (i32.const ${shift})))`;

/** Two rows at a time; of an odd end one row more is written, which is not read. */
function gradients(): string {
  const [first, ...rest] = EXPONENTIAL.coefficients;
  const series = rest.reduce(
    (sum, coefficient) => `(f64x2.add (f64x2.mul ${sum} (local.get $r)) ${splat(coefficient)})`,
    splat(first ?? 0),
  );
  const quantised = (value: string) =>
    `(f64x2.mul ${rounded(`(f64x2.mul ${asFloat(value)} (local.get $scale))`)} (local.get $inverse))`;
  return `  (func $gradients (param $job i32)
    (local $row i32) (local $end i32) (local $m i32) (local $t i32) (local $w i32) (local $to i32)
    (local $x v128) (local $k v128) (local $r v128) (local $p v128) (local $weight v128)
    (local $scale v128) (local $inverse v128)
    (local.set $scale ${headerSplat(HEADER.scale)})
    (local.set $inverse ${headerSplat(HEADER.inverse)})
    (local.set $row ${field(JOB.first)})
    (local.set $end ${field(JOB.end)})
    (local.set $m ${element(headerInt(HEADER.margins), '(local.get $row)', 2)})
    (local.set $t ${element(headerInt(HEADER.targets), '(local.get $row)', 2)})
    (local.set $w ${element(headerInt(HEADER.weights), '(local.get $row)', 2)})
    (local.set $to ${element(headerInt(HEADER.gradients), '(local.get $row)', 3)})
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $row) (local.get $end)))
      (local.set $x (f64x2.max ${splat(-EXPONENTIAL.limit)} (f64x2.min ${splat(EXPONENTIAL.limit)}
        (f64x2.neg ${twoFloats('m')}))))
      (local.set $k ${rounded(`(f64x2.mul (local.get $x) ${splat(EXPONENTIAL.log2e)})`)})
      (local.set $r (f64x2.sub
        (f64x2.sub (local.get $x) (f64x2.mul (local.get $k) ${splat(EXPONENTIAL.ln2High)}))
        (f64x2.mul (local.get $k) ${splat(EXPONENTIAL.ln2Low)})))
      (local.set $p (f64x2.mul ${series}
        (i64x2.shl
          (i64x2.add (f64x2.add (local.get $k) ${splat(ROUNDER)}) (i64x2.splat (i64.const ${EXPONENT_BIAS})))
          (i32.const ${EXPONENT_SHIFT}))))
      (local.set $p ${asFloat(`(f64x2.div ${splat(1)} (f64x2.add ${splat(1)} (local.get $p)))`)})
      (local.set $weight ${twoFloats('w')})
      (v128.store (local.get $to) (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
        (f32x4.demote_f64x2_zero ${quantised(
          `(f64x2.mul (f64x2.sub (local.get $p) ${twoFloats('t')}) (local.get $weight))`,
        )})
        (f32x4.demote_f64x2_zero ${quantised(
          `(f64x2.mul (f64x2.max ${splat(HESSIAN_FLOOR)}
            (f64x2.mul (local.get $p) (f64x2.sub ${splat(1)} (local.get $p)))) (local.get $weight))`,
        )})))
      (local.set $row (i32.add (local.get $row) (i32.const 2)))
      (local.set $m (i32.add (local.get $m) (i32.const 8)))
      (local.set $t (i32.add (local.get $t) (i32.const 8)))
      (local.set $w (i32.add (local.get $w) (i32.const 8)))
      (local.set $to (i32.add (local.get $to) (i32.const 16)))
      (br $next))))`;
}

/**
 * Adds a run of rows to the histograms of some of the four columns whose bins share a word. A rotation brings a
 * column's bin to where it is a multiple of a slot's bytes.
 */
function sumLanes(lanes: number): string {
  const numbers = Array.from({ length: lanes }, (_, lane) => lane);
  const slot = (lane: number) =>
    `(i32.add (local.get $h${lane}) (i32.and (i32.rotl (local.get $word) (local.get $r${lane})) (i32.const ${255 * SLOT_BYTES})))`;
  return `  (func $sum${lanes} (param $at i32) (param $stop i32) (param $gradients i32) (param $bins i32)
    ${numbers.map((lane) => `(param $h${lane} i32) (param $r${lane} i32)`).join(' ')}
    (local $row i32) (local $word i32) (local $slot i32) (local $both v128)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $stop)))
      (local.set $row (i32.load (local.get $at)))
      (local.set $both (f64x2.promote_low_f32x4 (v128.load64_zero ${element('(local.get $gradients)', '(local.get $row)', 3)})))
      (local.set $word (i32.load ${element('(local.get $bins)', '(local.get $row)', 2)}))
${numbers
  .map(
    (lane) => `      (local.set $slot ${slot(lane)})
      (v128.store (local.get $slot) (f64x2.add (v128.load (local.get $slot)) (local.get $both)))`,
  )
  .join('\n')}
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br $next))))`;
}

function sum(): string {
  const lane = (place: number) => `(i32.load offset=${4 + 4 * place} (local.get $group))`;
  const histogram = (place: number) =>
    `(i32.add (local.get $base) (i32.mul ${lane(place)} (local.get $columnBytes)))`;
  const rotation = (place: number) => `(i32.sub (i32.const 4) (i32.shl ${lane(place)} (i32.const 3)))`;
  const call = (
    lanes: number,
  ) => `(call $sum${lanes} (local.get $at) (local.get $stop) (local.get $gradients) (local.get $bins)
          ${Array.from({ length: lanes }, (_, place) => `${histogram(place)} ${rotation(place)}`).join(' ')})`;
  return `  (func $sum (param $job i32)
    (local $group i32) (local $number i32) (local $columnBytes i32) (local $base i32) (local $bytes i32)
    (local $at i32) (local $stop i32) (local $gradients i32) (local $bins i32) (local $lanes i32)
    (local $part i32) (local $from i32) (local $end i32)
    (local.set $number ${field(JOB.group)})
    (local.set $group (i32.add ${headerInt(HEADER.groups)} (i32.mul (local.get $number) (i32.const ${4 * GROUP_FIELDS}))))
    (local.set $columnBytes ${headerInt(HEADER.columnBytes)})
    (local.set $bytes (i32.mul (local.get $columnBytes) (i32.const ${GROUP_COLUMNS})))
    (local.set $base (i32.add ${field(JOB.histogram)} (i32.mul (local.get $number) (local.get $bytes))))
    (local.set $at ${element(headerInt(HEADER.order), field(JOB.first), 2)})
    (local.set $stop ${element(headerInt(HEADER.order), field(JOB.end), 2)})
    (local.set $gradients ${headerInt(HEADER.gradients)})
    (local.set $bins (i32.add ${headerInt(HEADER.bins)}
      (i32.shl (i32.mul (local.get $number) ${headerInt(HEADER.count)}) (i32.const 2))))
    (memory.fill (local.get $base) (i32.const 0) (local.get $bytes))
    (local.set $lanes (i32.load (local.get $group)))
    (if (i32.eq (local.get $lanes) (i32.const 1)) (then ${call(1)}))
    (if (i32.eq (local.get $lanes) (i32.const 2)) (then ${call(2)}))
    (if (i32.eq (local.get $lanes) (i32.const 3)) (then ${call(3)}))
    (if (i32.eq (local.get $lanes) (i32.const 4)) (then ${call(4)}))
    (if (i32.eqz ${field(JOB.parent)}) (then (return)))
    (local.set $from (i32.add ${field(JOB.parent)} (i32.mul (local.get $number) (local.get $bytes))))
    (local.set $part (local.get $base))
    (local.set $end (i32.add (local.get $base) (local.get $bytes)))
    (loop $next
      (v128.store (local.get $from) (f64x2.sub (v128.load (local.get $from)) (v128.load (local.get $part))))
      (local.set $from (i32.add (local.get $from) (i32.const ${SLOT_BYTES})))
      (local.set $part (i32.add (local.get $part) (i32.const ${SLOT_BYTES})))
      (br_if $next (i32.lt_u (local.get $part) (local.get $end)))))`;
}

/** Every bin as the last one on the left, going up; then going down with the missing values on the left. */
function scanColumn(): string {
  const low = 'i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23';
  const high = 'i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31';
  const parts = `(local.set $gradients (${low} (local.get $side) (local.get $rest)))
      (local.set $pull (f64x2.max ${splat(0)} (f64x2.sub (f64x2.abs (local.get $gradients)) (local.get $alpha))))
      (local.set $scores (f32x4.demote_f64x2_zero (f64x2.div (f64x2.mul (local.get $pull) (local.get $pull))
        (f64x2.add (${high} (local.get $side) (local.get $rest)) (local.get $lambda)))))
      (local.set $gain (f32.sub (f32.add (f32x4.extract_lane 0 (local.get $scores)) (f32x4.extract_lane 1 (local.get $scores)))
        (local.get $whole)))`;
  const keep = (left: string, bin: string, defaultLeft: number) => `(local.set $best (local.get $gain))
          (f64.store offset=${CANDIDATE.gain} (local.get $candidate) (f64.promote_f32 (local.get $gain)))
          (v128.store offset=${CANDIDATE.gradient} (local.get $candidate) (local.get $${left}))
          (i32.store offset=${CANDIDATE.column} (local.get $candidate) (local.get $column))
          (i32.store offset=${CANDIDATE.bin} (local.get $candidate) ${bin})
          (i32.store offset=${CANDIDATE.defaultLeft} (local.get $candidate) (i32.const ${defaultLeft}))`;
  const step = (
    body: string,
  ) => `(local.set $side (f64x2.add (local.get $side) (v128.load (local.get $slot))))
      (local.set $rest (f64x2.sub (local.get $all) (local.get $side)))
      (if (f64.ge (f64x2.extract_lane 1 (local.get $side)) (local.get $least)) (then
        (br_if $done (f64.lt (f64x2.extract_lane 1 (local.get $rest)) (local.get $least)))
        ${parts}
        (if (f32.gt (local.get $gain) (local.get $best)) (then ${body}))))`;
  return `  (func $scanColumn (param $first i32) (param $binCount i32) (param $node i32) (param $candidate i32) (param $column i32)
    (local $slot i32) (local $end i32) (local $bin i32)
    (local $all v128) (local $side v128) (local $rest v128) (local $gradients v128) (local $pull v128) (local $scores v128)
    (local $lambda v128) (local $alpha v128) (local $least f64) (local $whole f32) (local $gain f32) (local $best f32)
    (local.set $lambda ${headerSplat(HEADER.lambda)})
    (local.set $alpha ${headerSplat(HEADER.alpha)})
    (local.set $least (f64.load offset=${HEADER.least} (i32.const 0)))
    (local.set $all (v128.load offset=${NODE.gradient} (local.get $node)))
    (local.set $pull (f64x2.max ${splat(0)} (f64x2.sub (f64x2.abs (local.get $all)) (local.get $alpha))))
    (local.set $whole (f32.demote_f64 (f64.div
      (f64.mul (f64x2.extract_lane 0 (local.get $pull)) (f64x2.extract_lane 0 (local.get $pull)))
      (f64.add (f64x2.extract_lane 1 (local.get $all)) (f64x2.extract_lane 0 (local.get $lambda))))))
    (local.set $best (f32.demote_f64 (f64.load offset=${CANDIDATE.gain} (local.get $candidate))))
    (local.set $end (i32.add (local.get $first) (i32.mul (local.get $binCount) (i32.const ${SLOT_BYTES}))))
    (local.set $slot (local.get $first))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $slot) (local.get $end)))
      ${step(keep('side', '(local.get $bin)', 0))}
      (local.set $bin (i32.add (local.get $bin) (i32.const 1)))
      (local.set $slot (i32.add (local.get $slot) (i32.const ${SLOT_BYTES})))
      (br $next)))
    (if (f64.lt (f64.load offset=8 (local.get $end)) (f64.const ${LEAST_HESSIAN})) (then (return)))
    (local.set $side ${splat(0)})
    (local.set $slot (local.get $end))
    (local.set $bin (i32.sub (local.get $binCount) (i32.const 1)))
    (block $done (loop $next
      (local.set $slot (i32.sub (local.get $slot) (i32.const ${SLOT_BYTES})))
      (local.set $bin (i32.sub (local.get $bin) (i32.const 1)))
      (br_if $done (i32.le_s (local.get $slot) (local.get $first)))
      ${step(keep('rest', '(local.get $bin)', 1))}
      (br $next))))`;
}

function scan(): string {
  const columnOf = '(i32.add (i32.shl (local.get $group) (i32.const 2)) (local.get $lane))';
  return `  (func $scanGroup (param $node i32) (param $histogram i32) (param $group i32)
    (local $candidate i32) (local $place i32) (local $lanes i32) (local $table i32) (local $lane i32)
    (local.set $candidate (i32.add (i32.add (local.get $node) (i32.const ${NODE.candidates}))
      (i32.mul (local.get $group) (i32.const ${CANDIDATE_BYTES}))))
    (f64.store offset=${CANDIDATE.gain} (local.get $candidate) (f64.const -inf))
    (local.set $table (i32.add ${headerInt(HEADER.groups)} (i32.mul (local.get $group) (i32.const ${4 * GROUP_FIELDS}))))
    (local.set $lanes (i32.load (local.get $table)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $place) (local.get $lanes)))
      (local.set $lane (i32.load offset=4 ${element('(local.get $table)', '(local.get $place)', 2)}))
      (call $scanColumn
        (i32.add (local.get $histogram) (i32.mul ${columnOf} ${headerInt(HEADER.columnBytes)}))
        (i32.load ${element(headerInt(HEADER.binCounts), columnOf, 2)})
        (local.get $node) (local.get $candidate) ${columnOf})
      (local.set $place (i32.add (local.get $place) (i32.const 1)))
      (br $next))))
  (func $scan (param $job i32)
    (call $scanGroup ${field(JOB.node)} ${field(JOB.histogram)} ${field(JOB.group)}))`;
}

function children(): string {
  return `  (func $children (param $job i32)
    (call $sum (local.get $job))
    (call $scanGroup ${field(JOB.node)} ${field(JOB.histogram)} ${field(JOB.group)})
    (call $scanGroup ${field(JOB.otherNode)} ${field(JOB.parent)} ${field(JOB.group)}))`;
}

/** Without branches: each row is written to both sides, and only one of them moves on. */
function partition(): string {
  return `  (func $partition (param $job i32)
    (local $at i32) (local $stop i32) (local $bins i32) (local $last i32) (local $also i32)
    (local $left i32) (local $right i32) (local $row i32) (local $bin i32) (local $goes i32) (local $begin i32)
    (local.set $at ${element(headerInt(HEADER.order), field(JOB.first), 2)})
    (local.set $stop ${element(headerInt(HEADER.order), field(JOB.end), 2)})
    (local.set $begin ${element(headerInt(HEADER.left), field(JOB.first), 2)})
    (local.set $left (local.get $begin))
    (local.set $right ${element(headerInt(HEADER.right), field(JOB.first), 2)})
    (local.set $bins ${field(JOB.bins)})
    (local.set $last ${field(JOB.lastLeft)})
    (local.set $also ${field(JOB.alsoLeft)})
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $stop)))
      (local.set $row (i32.load (local.get $at)))
      (local.set $bin (i32.load8_u ${element('(local.get $bins)', '(local.get $row)', 2)}))
      (local.set $goes (i32.shl (i32.or (i32.le_u (local.get $bin) (local.get $last))
        (i32.eq (local.get $bin) (local.get $also))) (i32.const 2)))
      (i32.store (local.get $left) (local.get $row))
      (i32.store (local.get $right) (local.get $row))
      (local.set $left (i32.add (local.get $left) (local.get $goes)))
      (local.set $right (i32.sub (i32.add (local.get $right) (i32.const 4)) (local.get $goes)))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br $next)))
    (i32.store offset=${JOB.leftCount} (local.get $job)
      (i32.shr_u (i32.sub (local.get $left) (local.get $begin)) (i32.const 2))))`;
}

function settle(): string {
  const from = (side: number) => element(headerInt(side), field(JOB.first), 2);
  const to = (side: number) => element(headerInt(HEADER.order), field(side), 2);
  const right = `(i32.sub (i32.sub ${field(JOB.end)} ${field(JOB.first)}) ${field(JOB.leftCount)})`;
  return `  (func $settle (param $job i32)
    (memory.copy ${to(JOB.leftTo)} ${from(HEADER.left)} (i32.shl ${field(JOB.leftCount)} (i32.const 2)))
    (memory.copy ${to(JOB.rightTo)} ${from(HEADER.right)} (i32.shl ${right} (i32.const 2))))`;
}

function leaf(): string {
  return `  (func $leaf (param $job i32)
    (local $at i32) (local $stop i32) (local $margin i32) (local $margins i32) (local $answer f32)
    (local.set $at ${element(headerInt(HEADER.order), field(JOB.first), 2)})
    (local.set $stop ${element(headerInt(HEADER.order), field(JOB.end), 2)})
    (local.set $margins ${headerInt(HEADER.margins)})
    (local.set $answer (f32.load offset=${JOB.answer} (local.get $job)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $stop)))
      (local.set $margin ${element('(local.get $margins)', '(i32.load (local.get $at))', 2)})
      (f32.store (local.get $margin) (f32.add (f32.load (local.get $margin)) (local.get $answer)))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br $next))))`;
}

/** Four rows at once, of the last ones one at a time; by bins, as rows are parted. */
function restOf(): string {
  const step = (
    lane: number,
  ) => `(local.set $bin (i32.load8_u (i32.add (local.get $r${lane}) (i32.load offset=${BIN_STEP.bins} (local.get $n${lane})))))
        (local.set $n${lane} (i32.add (i32.load offset=${BIN_STEP.left} (local.get $n${lane})) (i32.shl (i32.eqz (i32.or
          (i32.le_u (local.get $bin) (i32.load offset=${BIN_STEP.lastLeft} (local.get $n${lane})))
          (i32.eq (local.get $bin) (i32.load offset=${BIN_STEP.alsoLeft} (local.get $n${lane}))))) (i32.const ${Math.log2(BIN_STEP_BYTES)}))))`;
  const lanesOf = (lanes: number) => {
    const numbers = Array.from({ length: lanes }, (_, lane) => lane);
    return `
      ${numbers.map((lane) => `(local.set $r${lane} (i32.shl (i32.load offset=${4 * lane} (local.get $at)) (i32.const 2)))`).join(' ')}
      ${numbers.map((lane) => `(local.set $n${lane} (local.get $root))`).join(' ')}
      (local.set $left (local.get $depth))
      (block $leaf${lanes} (loop $down
        (br_if $leaf${lanes} (i32.eqz (local.get $left)))
        ${numbers.map(step).join('\n        ')}
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $down)))
      ${numbers
        .map(
          (lane) => `(local.set $margin (i32.add (local.get $margins) (local.get $r${lane})))
      (f32.store (local.get $margin) (f32.add (f32.load (local.get $margin)) (f32.load offset=${BIN_STEP.answer} (local.get $n${lane}))))`,
        )
        .join('\n      ')}
      (local.set $at (i32.add (local.get $at) (i32.const ${4 * lanes})))`;
  };
  return `  (func $rest (param $job i32)
    (local $at i32) (local $stop i32) (local $fours i32) (local $margins i32) (local $margin i32) (local $root i32)
    (local $depth i32) (local $left i32) (local $bin i32)
    (local $n0 i32) (local $n1 i32) (local $n2 i32) (local $n3 i32) (local $r0 i32) (local $r1 i32) (local $r2 i32) (local $r3 i32)
    (local.set $at ${element(headerInt(HEADER.order), field(JOB.first), 2)})
    (local.set $stop ${element(headerInt(HEADER.order), field(JOB.end), 2)})
    (local.set $fours (i32.sub (local.get $stop) (i32.const 12)))
    (local.set $margins ${headerInt(HEADER.margins)})
    (local.set $root ${field(JOB.root)})
    (local.set $depth ${field(JOB.depth)})
    (block $noFour (loop $next
      (br_if $noFour (i32.ge_s (local.get $at) (local.get $fours)))
      ${lanesOf(4)}
      (br $next)))
    (block $noOne (loop $next
      (br_if $noOne (i32.ge_u (local.get $at) (local.get $stop)))
      ${lanesOf(1)}
      (br $next))))`;
}

/**
 * Leads some rows down one tree, a step each in turn: while one waits for memory the others go on. No step branches on
 * what it finds: right = value >= threshold, or neither below nor not below (missing) and missing goes right.
 */
function walkRows(lanes: number): string {
  const numbers = Array.from({ length: lanes }, (_, lane) => lane);
  const row = (lane: number) => `$row${lane}`;
  return `  (func $walk${lanes} (param $root i32) (param $depth i32) (param $rowBytes i32) (param $row0 i32) (param $to i32)
    ${numbers.map((lane) => `(local $n${lane} i32) (local $word${lane} i32)`).join(' ')}
    ${numbers
      .slice(1)
      .map((lane) => `(local $row${lane} i32)`)
      .join(' ')}
    (local $value f32) (local $threshold f32)
    ${numbers
      .slice(1)
      .map((lane) => `(local.set ${row(lane)} (i32.add (local.get ${row(lane - 1)}) (local.get $rowBytes)))`)
      .join('\n    ')}
    ${numbers.map((lane) => `(local.set $n${lane} (local.get $root))`).join(' ')}
    (block $done (loop $next
      (br_if $done (i32.eqz (local.get $depth)))
${numbers
  .map(
    (lane) => `      (local.set $word${lane} (i32.load offset=${STEP.left} (local.get $n${lane})))
      (local.set $value (f32.load (i32.add (local.get ${row(lane)}) (i32.load offset=${STEP.column} (local.get $n${lane})))))
      (local.set $threshold (f32.load offset=${STEP.threshold} (local.get $n${lane})))
      (local.set $n${lane} (i32.add (i32.and (local.get $word${lane}) (i32.const ${-STEP_BYTES}))
        (i32.shl (i32.or (f32.ge (local.get $value) (local.get $threshold))
          (i32.gt_u (i32.and (local.get $word${lane}) (i32.const 1)) (f32.lt (local.get $value) (local.get $threshold))))
          (i32.const ${Math.log2(STEP_BYTES)}))))`,
  )
  .join('\n')}
      (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
      (br $next)))
    ${numbers
      .map(
        (
          lane,
        ) => `(f32.store offset=${4 * lane} (local.get $to) (f32.add (f32.load offset=${4 * lane} (local.get $to))
      (f32.load offset=${STEP.answer} (local.get $n${lane}))))`,
      )
      .join('\n    ')})`;
}

function walk(): string {
  const call = (lanes: number) =>
    `(call $walk${lanes} (i32.load offset=${TREE.root} (local.get $tree)) (i32.load offset=${TREE.depth} (local.get $tree))
            (local.get $rowBytes) (local.get $row) (local.get $to))
          (local.set $row (i32.add (local.get $row) (i32.mul (local.get $rowBytes) (i32.const ${lanes}))))
          (local.set $to (i32.add (local.get $to) (i32.const ${4 * lanes})))`;
  return `  (func $walk (param $job i32)
    (local $tree i32) (local $stop i32) (local $rowBytes i32) (local $row i32) (local $to i32) (local $end i32) (local $fours i32)
    (local.set $tree (i32.add ${field(JOB.trees)} (i32.mul ${field(JOB.first)} (i32.const ${TREE_BYTES}))))
    (local.set $stop (i32.add ${field(JOB.trees)} (i32.mul ${field(JOB.end)} (i32.const ${TREE_BYTES}))))
    (local.set $rowBytes ${field(JOB.rowBytes)})
    (local.set $end ${element(field(JOB.sums), field(JOB.rows), 2)})
    (local.set $fours ${element(field(JOB.sums), `(i32.and ${field(JOB.rows)} (i32.const -4))`, 2)})
    (block $done (loop $nextTree
      (br_if $done (i32.ge_u (local.get $tree) (local.get $stop)))
      (local.set $row ${field(JOB.values)})
      (local.set $to ${field(JOB.sums)})
      (block $noFour (loop $next
        (br_if $noFour (i32.ge_u (local.get $to) (local.get $fours)))
          ${call(4)}
        (br $next)))
      (block $noOne (loop $next
        (br_if $noOne (i32.ge_u (local.get $to) (local.get $end)))
          ${call(1)}
        (br $next)))
      (local.set $tree (i32.add (local.get $tree) (i32.const ${TREE_BYTES})))
      (br $nextTree))))`;
}
