import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NightjarError } from '../domain/errors.ts';
import { action, exitCodeOf, formatError, formatTable } from './output.ts';

describe('an error message', () => {
  it('of the outside world has code, message and remedy, and no stack', () => {
    const text = formatError(new NightjarError('port.busy', 'port 7717 is taken', { remedy: 'pass --port 0' }));
    expect(text).toBe('nightjar: port.busy: port 7717 is taken\n  pass --port 0');
  });

  it('of a fault of ours keeps its stack', () => {
    expect(formatError(new TypeError('boom'))).toMatch(/unexpected: TypeError: boom\n\s+at /);
    expect(formatError('boom')).toBe('nightjar: unexpected: boom');
  });

  it('of a full disk says what to do, without a stack', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    expect(formatError(full)).toBe(
      'nightjar: ENOSPC: no space left on device, write\n  free the disk, or make it writable, and try again',
    );
  });

  it.each([
    [new NightjarError('config.invalid', 'x'), 2],
    [new NightjarError('control.bad-request', 'x'), 2],
    [new NightjarError('data.locked', 'x'), 1],
    [new Error('x'), 1],
  ])('exits with the code of its kind: %s', (error, code) => {
    expect(exitCodeOf(error)).toBe(code);
  });
});

describe('a command', () => {
  let said = '';
  beforeEach(() => {
    said = '';
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      said += String(text);
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
  });

  it.each([
    ['nothing', undefined, 0],
    ['done', 0, 0],
    ['outcome unknown', 3, 3],
  ] as const)('that answers %s exits so', async (_name, answer, code) => {
    await action(() => answer)();
    expect(process.exitCode).toBe(code);
    expect(said).toBe('');
  });

  it('that throws says why and fails', async () => {
    await action(() => Promise.reject(new NightjarError('data.locked', 'held by pid 12')))();
    expect(process.exitCode).toBe(1);
    expect(said).toBe('nightjar: data.locked: held by pid 12\n');
  });
});

describe('a table', () => {
  it('aligns text to the left and numbers to the right, without blanks at the ends of lines', () => {
    const rows = [
      ['reason', 'count'],
      ['gross0', '1204'],
      ['depth', '7'],
    ];
    expect(formatTable(rows, [1])).toBe('reason  count\ngross0   1204\ndepth       7');
    expect(formatTable(rows)).toBe('reason  count\ngross0  1204\ndepth   7');
  });

  it('of nothing is nothing', () => {
    expect(formatTable([])).toBe('');
  });
});
