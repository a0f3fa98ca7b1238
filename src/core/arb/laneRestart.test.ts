import { describe, expect, it } from 'vitest';
import { startKernel } from '../kernelTestbed.ts';

describe('a second hit', () => {
  it('may come from a quote of the next lane, whose numbers begin anew', () => {
    const bed = startKernel();
    bed.signal({ quoteId: 50 });
    expect(bed.bot().state).toBe('auto.firstHit');
    const error = { code: 'thread.lost' as const, message: 'died', details: {} };
    bed.send({ type: 'child.exited', child: 'lane:0', incarnation: 1, reason: { kind: 'crash', error } });
    bed.pass(100);
    bed.signal({ quoteId: 1 });
    expect(bed.bot().state).toBe('go.lastLook');
  });

  it('needs a newer quote of the same lane', () => {
    const bed = startKernel();
    bed.signal({ quoteId: 50 });
    bed.signal({ quoteId: 50 });
    bed.signal({ quoteId: 49 });
    expect(bed.bot().state).toBe('auto.firstHit');
    bed.signal({ quoteId: 51 });
    expect(bed.bot().state).toBe('go.lastLook');
  });
});
