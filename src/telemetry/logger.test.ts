import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from './logger.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nightjar-log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lines = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('the logger', () => {
  it('has written a line with level, channel, time and fields before the call returns', () => {
    const file = join(folder, 'log.jsonl');
    const logger = createLogger({ file, level: 'info', base: { thread: 'edge' } });

    logger.log('error', 'control', 'disable_live reason=x', { bot: 'arb:SOL' });

    expect(lines(file)).toMatchObject([
      { level: 'error', channel: 'control', message: 'disable_live reason=x', bot: 'arb:SOL', thread: 'edge' },
    ]);
    expect(Date.parse(String(lines(file)[0]!.time))).not.toBeNaN();
  });

  it('replaces a secret wherever it hides: message, nested field, key, JSON-escaped, percent-encoded', () => {
    const file = join(folder, 'log.jsonl');
    const secret = 'pa"ss\\word/+=42';
    const logger = createLogger({ file, level: 'debug', secrets: [secret] });

    logger.log('info', 'x', `url ?k=${encodeURIComponent(secret)} and ${secret}`, {
      deep: { list: [{ Authorization: `Bearer ${secret}` }] },
      [secret]: 1,
      json: JSON.stringify({ secret }),
    });

    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain('word/+=42');
    expect(text).not.toContain(encodeURIComponent(secret));
    expect(text).toContain('[secret]');
  });

  it('learns a secret later', () => {
    const file = join(folder, 'log.jsonl');
    const logger = createLogger({ file, level: 'info' });
    logger.keepSecret('canary-secret-1');

    logger.log('warn', 'x', 'here: canary-secret-1');

    expect(readFileSync(file, 'utf8')).not.toContain('canary-secret-1');
  });

  it('writes nothing under its level, and nothing at all when silent', () => {
    const quiet = join(folder, 'warn.jsonl');
    const silent = join(folder, 'silent.jsonl');
    createLogger({ file: quiet, level: 'warn' }).log('info', 'x', 'not seen');
    createLogger({ file: silent, level: 'silent' }).log('error', 'x', 'not seen');

    expect([...lines(quiet), ...lines(silent)]).toEqual([]);
  });

  it('counts a line it could not write instead of ending the caller', () => {
    const logger = createLogger({ fd: 987_654, level: 'info' });

    logger.log('error', 'x', 'lost');

    expect(logger.lostLines()).toBe(1);
  });
});
