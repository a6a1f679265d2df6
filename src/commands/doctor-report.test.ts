import { describe, expect, it } from 'vitest';
import { describeChecks, failed, passed, warned } from './doctor-report.ts';

describe('the report of doctor', () => {
  it('has a symbol a line, aligned, with the remedy under what is wrong', () => {
    const text = describeChecks([
      passed('disk', '80 GB free'),
      warned('environment', 'PROT is unknown', 'Correct it.'),
      failed('port', '8080 is taken', 'Stop it\nor take another.'),
    ]);
    expect(text.split('\n')).toEqual([
      '  ✔ disk         80 GB free',
      '  ! environment  PROT is unknown',
      '                 → Correct it.',
      '  ✖ port         8080 is taken',
      '                 → Stop it',
      '                   or take another.',
      '',
      '1 ok, 1 to look at, 1 failed. 1 of 3 checks failed.',
    ]);
  });

  it('is short where all is well', () => {
    expect(describeChecks([passed('disk', 'fine')])).toContain('1 ok, 0 to look at, 0 failed. All is well.');
    expect(describeChecks([warned('disk', 'x', 'y')])).toContain('Nothing is broken');
  });
});
