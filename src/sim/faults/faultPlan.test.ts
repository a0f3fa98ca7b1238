import { expect, it } from 'vitest';
import { createRandom } from '../../domain/random.ts';
import { FAULT_KINDS, FAULTS_NOT_PLAYED, faultListing } from './faultKinds.ts';
import { checkFaultPlan, drawFaultPlan, playable, readFaultPlan } from './faultPlan.ts';

const one = (fields: object) => ({ faults: [{ fault: 'sequence-gap', venue: 'okx', atMs: 1_000, ...fields }] });

it('completes a fault with what its kind takes by default', () => {
  expect(checkFaultPlan(one({ fault: 'clock-jump' }), 'p')).toEqual([
    {
      fault: 'clock-jump',
      venue: 'okx',
      atMs: 1_000,
      forMs: 10_000,
      times: 1_000_000,
      share: 1,
      how: '',
      byMs: -5_000,
    },
  ]);
});

it.each<[string, unknown, RegExp]>([
  ['no list', {}, /the plan|faults = missing/],
  ['an unknown field', one({ howMany: 3 }), /faults\.0.*howMany/],
  [
    'an unknown fault',
    one({ fault: 'sequence-gasp' }),
    /faults\.0\.fault = "sequence-gasp": there is no such fault; .*list/,
  ],
  ['a fault that is not played', one({ fault: 'O24' }), /faults\.0\.fault = "O24": not played here, perpetuals only/],
  [
    'a venue without it',
    one({ fault: 'checksum-garbage', venue: 'bybit' }),
    /faults\.0\.venue = "bybit": .* exists at okx only/,
  ],
  ['an unknown venue', one({ venue: 'kraken' }), /faults\.0\.venue = "kraken"/],
  ['a variety of its own', one({ how: 'loud' }), /faults\.0\.how = "loud": .* leave it out/],
  ['another variety', one({ fault: 'ack-lost', how: 'loud' }), /give one of cut, silence, 5xx/],
  ['a figure that it lacks', one({ byMs: 5 }), /faults\.0\.byMs = 5: .* leave it out/],
  ['a negative time', one({ atMs: -1 }), /faults\.0\.atMs = -1/],
  ['a share above 1', one({ share: 2 }), /faults\.0\.share = 2/],
])('refuses %s by field, value and remedy', (_what, plan, message) => {
  expect(() => checkFaultPlan(plan, 'p')).toThrow(message);
});

it.each<[string, RegExp]>([
  ['/nowhere/plan.json', /cannot be read \(ENOENT\); give a file, seed:N or list/],
  ['seed:many', /seed "many" is no whole number; give one, like seed:42/],
  ['package.json', /package\.json: .*see nightjar sim --faults list/],
])('refuses --faults %s', (text, message) => {
  expect(() => readFaultPlan(text)).toThrow(message);
});

it('draws the same plan from the same seed, of faults that a file may name, and reads it back from JSON', () => {
  const drawn = drawFaultPlan(createRandom(5));
  expect(drawFaultPlan(createRandom(5))).toEqual(drawn);
  expect(drawFaultPlan(createRandom(6))).not.toEqual(drawn);
  expect(new Set(drawn.map(({ fault }) => fault)).size).toBe(FAULT_KINDS.length);
  expect(checkFaultPlan(JSON.parse(JSON.stringify({ faults: drawn.map(playable) })), 'p')).toEqual(drawn);
});

it('lists every fault once, and says of every number of the table whether it is played', () => {
  expect(faultListing().split('\n')).toHaveLength(FAULT_KINDS.length);
  const played = FAULT_KINDS.map(({ number }) => number);
  expect(new Set(FAULT_KINDS.map(({ name }) => name)).size).toBe(played.length);
  const table = [
    ...Array.from({ length: 19 }, (_, i) => `M${i + 1}`),
    ...Array.from({ length: 27 }, (_, i) => `O${i + 1}`),
    ...Array.from({ length: 16 }, (_, i) => `X${i + 1}`),
  ];
  expect([...played, ...FAULTS_NOT_PLAYED.keys()].sort()).toEqual(table.sort());
});
