import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeLatchFile } from '../control/latchFile.ts';
import { closePermitsAtHalt } from './startHalt.ts';

const newPath = () => join(mkdtempSync(join(tmpdir(), 'nightjar-halt-')), 'latch');
const latchAt = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as unknown;

it('closes every permit with the reason, keeps what stood, and never weakens a kill', () => {
  const path = newPath();
  const bots = { 'bot:arb:SOL': { reason: 'drill', by: 'operate', atMs: 1 } };
  writeLatchFile(path, { all: null, bots });
  expect(closePermitsAtHalt(path, 'the core died', 5)).toMatch(/every permit is closed/);
  expect(latchAt(path)).toEqual({ all: { reason: 'halted: the core died', by: 'guardian', atMs: 5 }, bots });

  const kill = { reason: 'stop it', by: 'kill', atMs: 1, level: 'kill' } as const;
  writeLatchFile(path, { all: kill, bots: {} });
  closePermitsAtHalt(path, 'the core died', 5);
  expect(latchAt(path)).toEqual({ all: kill, bots: {} });
});

it('says so when it cannot', () => {
  const below = join(newPath(), 'latch');
  expect(closePermitsAtHalt(below, 'the core died', 5)).toMatch(/could NOT be closed .*look before the next start/);
  expect(existsSync(below)).toBe(false);
});
