import { CONTROL_ACTIONS } from '../telemetry/metrics.ts';

/** Verbs of the operator's interface that this version does not know, and what does it instead. */
export const NOT_BUILT: Readonly<Record<string, string>> = {
  set_knob: 'stop, start again with --set PATH=VALUE',
  rollback_knob: 'stop, start again without the --set',
  set_mode: 'the embedded venues have one mode, live',
  promote: 'the embedded venues have one mode, live',
  'health-sim-recover': 'a drill of error-sim ends with the restart of its thread; nothing is left to recover',
};

/** What `ctl` offers. */
export const CTL_VERBS: readonly string[] = CONTROL_ACTIONS.filter((verb) => !Object.hasOwn(NOT_BUILT, verb));
