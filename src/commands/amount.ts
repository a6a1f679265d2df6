/** A share of one in percent with two digits, a dash for one that is not known. */
export function percent(share: number | null): string {
  return share === null ? '-' : `${(100 * share).toFixed(2)} %`;
}

/** A number with its noun: `1 window`, `2 windows`. */
export function amount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
