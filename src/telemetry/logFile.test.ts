import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { openLogFile } from './logFile.ts';
import { createLogger } from './logger.ts';

const place = () => join(mkdtempSync(join(tmpdir(), 'nightjar-log-')), 'log.jsonl');
const linesOf = (path: string) =>
  [5, 4, 3, 2, 1]
    .map((number) => `${path}.${number}`)
    .concat(path)
    .filter((file) => existsSync(file))
    .flatMap((file) => readFileSync(file, 'utf8').split('\n').slice(0, -1));

it('sets a full file aside, keeps so many, and loses no line on the way', () => {
  const path = place();
  const file = openLogFile(path, { maxBytes: 1000, kept: 5 });
  for (let i = 0; i < 50; i += 1) file.write(`${String(i).padStart(99, '0')}\n`);
  expect(linesOf(path).map(Number)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  for (let i = 50; i < 500; i += 1) file.write(`${String(i).padStart(99, '0')}\n`);
  file.close();
  expect(readdirSync(join(path, '..')).sort()).toEqual([
    'log.jsonl',
    ...[1, 2, 3, 4, 5].map((number) => `log.jsonl.${number}`),
  ]);
  const kept = linesOf(path).map(Number);
  expect(kept.at(-1)).toBe(499);
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => 500 - kept.length + i));
});

it('F4: never takes more of the disk than its limits, however much is logged', () => {
  const path = place();
  const logger = createLogger({ file: path, level: 'info', limits: { maxBytes: 20_000, kept: 5 } });
  for (let i = 0; i < 4000; i += 1) logger.log('error', 'journal', 'the disk is full', { i, text: 'x'.repeat(100) });
  logger.close();
  const bytes = readdirSync(join(path, '..')).reduce((sum, name) => sum + statSync(join(path, '..', name)).size, 0);
  expect(bytes).toBeLessThanOrEqual(6 * 20_300);
  expect(JSON.parse(linesOf(path).at(-1)!)).toMatchObject({ i: 3999 });
  expect(logger.lostLines()).toBe(0);
});

it('is shared by threads: each line of each is there once and whole', async () => {
  const path = place();
  const source = `
    import { workerData } from 'node:worker_threads';
    const { openLogFile } = await import(workerData.module);
    const file = openLogFile(workerData.path, { maxBytes: 40000, kept: 5 });
    for (let i = 0; i < 600; i += 1) file.write(workerData.name + ' ' + String(i).padStart(60, '0') + '\\n');
    file.close();`;
  const module = new URL('./logFile.ts', import.meta.url).href;
  await Promise.all(
    ['a', 'b', 'c'].map(
      (name) =>
        new Promise((resolve, reject) => {
          const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
          new Worker(url, { workerData: { path, name, module } }).on('error', reject).on('exit', resolve);
        }),
    ),
  );
  const lines = linesOf(path);
  for (const name of ['a', 'b', 'c']) {
    const own = lines.filter((line) => line.startsWith(name)).map((line) => Number(line.slice(2)));
    expect(own.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 600 }, (_, i) => i));
  }
  expect(lines).toHaveLength(1800);
  expect(existsSync(`${path}.1`)).toBe(true);
  expect(existsSync(`${path}.lock`)).toBe(false);
}, 30_000);

it('takes over the lock of a writer that died while it set the file aside', () => {
  const path = place();
  const file = openLogFile(path, { maxBytes: 100, kept: 5 });
  file.write(`${'x'.repeat(120)}\n`);
  writeFileSync(`${path}.lock`, '');
  file.write('still here\n');
  expect(existsSync(`${path}.1`)).toBe(false);
  const longAgo = statSync(path).mtimeMs / 1000 - 60;
  utimesSync(`${path}.lock`, longAgo, longAgo);
  file.write('removes the lock\n');
  file.write('is in a new file\n');
  file.close();
  expect(readFileSync(path, 'utf8')).toBe('is in a new file\n');
});
