import { describe, expect, it } from 'vitest';
import { lastHeard } from './sources.ts';

const NOW = Date.UTC(2025, 5, 1, 0, 1);

describe('lastHeard', () => {
  it('shows a source that ended years ago as old, with its year', () => {
    expect(lastHeard('2021-05-10T01:00:00Z', NOW)).toEqual({
      when: '10 May 2021, 01:00',
      age: '4 years ago',
      isStale: true,
    });
  });

  it('calls a source stale after three days, and not before', () => {
    expect(lastHeard('2025-05-29T00:01:00Z', NOW)).toMatchObject({ when: '29 May, 00:01', isStale: false });
    expect(lastHeard('2025-05-29T00:00:59Z', NOW)).toMatchObject({ isStale: true });
  });

  it('has nothing to say of a source that was never heard', () => {
    expect(lastHeard(null, NOW)).toBeNull();
  });
});
