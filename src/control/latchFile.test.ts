import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LatchState } from '../domain/control.ts';
import { OPEN_LATCH, readLatchFile, writeLatchFile } from './latchFile.ts';

let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'nightjar-latch-')), 'latch');
});
afterEach(() => rmSync(join(path, '..'), { recursive: true }));

describe('the latch file', () => {
  it('gives back what was written', () => {
    const state: LatchState = {
      all: { reason: 'drill', by: 'kill', atMs: 5, level: 'kill' },
      bots: { 'bot:arb:SOL': { reason: 'x', by: 'risk', atMs: 6 } },
    };

    writeLatchFile(path, state);

    expect(readLatchFile(path, 9)).toEqual(state);
  });

  it('means open only where nothing was ever closed', () => {
    expect(readLatchFile(path, 9)).toEqual(OPEN_LATCH);
  });

  it.each([
    ['nothing', ''],
    ['half a file', '{"all":nul'],
    ['another shape', '{"bots":{}}'],
    ['a field it does not know', '{"all":null,"bots":{},"open":true}'],
    ['a closure without a reason', '{"all":{"by":"x","atMs":1},"bots":{}}'],
  ])('closes everything when it holds %s', (_, text) => {
    writeFileSync(path, text);

    expect(readLatchFile(path, 9)).toEqual({
      all: { reason: 'latch file unreadable', by: 'start', atMs: 9 },
      bots: {},
    });
  });

  it('closes everything when it cannot be read at all', () => {
    const aFolder = join(path, '..');

    expect(readLatchFile(aFolder, 9).all?.reason).toBe('latch file unreadable');
  });
});
