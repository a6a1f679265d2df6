import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { peakRssMb, postgresRssMb } from './memory.ts';

describe('the memory of this process', () => {
  it('is what it held at most, at least what it holds now', () => {
    const now = process.memoryUsage().rss / 1_048_576;
    expect(peakRssMb()).toBeGreaterThan(0.9 * now);
    expect(peakRssMb()).toBeLessThan(100_000);
  });
});

describe('the memory of a server', () => {
  it('is unknown where there is none', () => {
    expect(postgresRssMb(null)).toBeNull();
    expect(postgresRssMb(2 ** 30)).toBeNull();
  });

  it.skipIf(!existsSync('/proc/self/stat'))('counts a process and its children', () => {
    const megabytes = postgresRssMb(process.pid) ?? 0;
    expect(megabytes).toBeGreaterThan(10);
    expect(megabytes).toBeLessThan(10_000);
  });
});
