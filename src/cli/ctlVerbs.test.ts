import { expect, it } from 'vitest';
import { PERMIT_VERBS } from '../control/permitVerbs.ts';
import { CORE_ACTIONS } from '../core/controlVerbs.ts';
import { REFUSED_ACTIONS } from '../telemetry/metrics.ts';
import { CTL_VERBS, NOT_BUILT } from './ctlVerbs.ts';

it('offers exactly the verbs that the edge or the core knows, and names none of them as missing', () => {
  const known = [...Object.keys(PERMIT_VERBS), ...CORE_ACTIONS];
  expect([...CTL_VERBS].sort()).toEqual([...known].sort());
  expect(new Set(Object.keys(NOT_BUILT))).toEqual(REFUSED_ACTIONS);
  expect(Object.keys(NOT_BUILT).filter((verb) => known.includes(verb))).toEqual([]);
});
