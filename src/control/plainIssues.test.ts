import { expect, it } from 'vitest';
import { parseWarmObservations } from './warmObservations.ts';

it('says in plain words, with its path, what a body lacks', () => {
  const refused = parseWarmObservations({ observations: [{ name: 'spread' }] });
  expect(refused).toContain('observations[0].value: expected number, received undefined');
  expect(refused).not.toMatch(/[✖→\n]/);
  expect(parseWarmObservations(7)).toMatch(/: the body: expected object/);
});
