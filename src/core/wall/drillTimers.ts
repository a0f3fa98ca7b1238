import type { ControlMessage } from '../../domain/control.ts';
import type { Clock } from '../../domain/ports.ts';
import type { Drill } from '../../guardian/coreMessages.ts';

export interface DrillTimers {
  /** Every child of the tree has started: drills that were due before are acted out now. */
  treeIsUp(): void;
}

/**
 * Acts out the drills that this incarnation was given, each once.
 *
 * @param act  one control message, as an operator would send it
 */
export function armDrills(
  clock: Clock,
  drills: readonly Drill[],
  act: (message: ControlMessage, drill: Drill) => void,
): DrillTimers {
  let isUp = false;
  let due: Drill[] = [];
  const fire = (drill: Drill) => act(messageOf(drill), drill);
  for (const drill of drills) {
    clock.after(Math.max(0, drill.atMs), () => {
      if (isUp) fire(drill);
      else due.push(drill);
    });
  }
  return {
    treeIsUp() {
      isUp = true;
      for (const drill of due) fire(drill);
      due = [];
    },
  };
}

const messageOf = ({ id, target, mode }: Drill): ControlMessage => ({
  id: `drill/${id}/${target}`,
  action: mode === undefined ? 'crash' : 'error-sim',
  target,
  reason: '--drill',
  args: mode === undefined ? {} : { mode },
  by: 'drill',
  from: 'start',
});
