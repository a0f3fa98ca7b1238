import { describe, expect, it } from 'vitest';
import type { ControlMessage } from './inputs.ts';
import { startKernel } from './kernelTestbed.ts';

function drill(
  target: string | undefined,
  args: ControlMessage['args'],
  prepare: 'running' | 'backingOff' = 'running',
) {
  const bed = startKernel();
  if (prepare === 'backingOff') {
    const error = { code: 'thread.lost', message: 'gone', details: {} } as const;
    bed.send({ type: 'child.exited', child: 'lane:0', incarnation: 1, reason: { kind: 'crash', error } });
  }
  const message = { id: 'd', action: 'error-sim', reason: 'drill', args, by: 'operate', from: 'test' };
  bed.send({ type: 'control', message: { ...message, ...(target === undefined ? {} : { target }) } });
  const reply = bed.commands.findLast((command) => command.type === 'control.reply');
  return { reply, drills: bed.commands.filter(({ type }) => type === 'thread.drill'), bed };
}

describe('error-sim', () => {
  it('asks a thread to misbehave, as one command that is journalled, and answers', () => {
    for (const target of ['core', 'edge', 'journal', 'gateway', 'lane:0']) {
      const { reply, drills, bed } = drill(target, { mode: 'spin' });
      expect(reply).toMatchObject({
        status: 200,
        body: { drilled: target, mode: 'spin', means: expect.stringMatching(/^posted: .* already does not$/) },
      });
      expect(drills).toEqual([{ type: 'thread.drill', thread: target, drill: 'spin' }]);
      expect(bed.rowsOf('commands', 'thread.drill')).toHaveLength(1);
    }
  });

  it('refuses what has no thread, what does not run, and a mode that is none, naming what would do', () => {
    expect(drill('bot:arb:SOL', { mode: 'spin' }).reply).toMatchObject({
      status: 404,
      body: { error: expect.stringMatching(/"bot:arb:SOL" has no thread of its own: use one of core, edge, .*lane:0/) },
    });
    expect(drill(undefined, { mode: 'spin' }).reply).toMatchObject({ status: 400 });
    expect(drill('edge', { mode: 'dance' }).reply).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/mode "dance" is unknown: use --arg mode= with one of spin, hang, memory/) },
    });
    expect(drill('edge', {}).reply).toMatchObject({ body: { error: expect.stringMatching(/mode \(none\)/) } });
    const gone = drill('lane:0', { mode: 'hang' }, 'backingOff');
    expect(gone.reply).toMatchObject({ status: 409, body: { error: expect.stringMatching(/does not run/) } });
    expect(gone.drills).toEqual([]);
  });
});
