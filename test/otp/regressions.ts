/** Seeds that once ended differently on Erlang's supervisor and on ours, and what was wrong. */
export const REGRESSIONS: readonly { readonly seed: number; readonly about: string }[] = [
  { seed: 757, about: 'a cycle drops temporary children that stand still too' },
  { seed: 2369, about: 'terminating a temporary child that stands still drops it' },
  { seed: 4534, about: 'a failing start by hand is answered, not reported' },
  { seed: 11807, about: 'a temporary child whose manual restart fails keeps its spec' },
];
