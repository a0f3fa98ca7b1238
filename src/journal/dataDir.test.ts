import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeClientOrderId } from '../domain/clientOrderId.ts';
import { createRandom } from '../domain/random.ts';
import { createDataDir, openDataDir } from './dataDir.ts';
import { lockDataDir } from './dataLock.ts';
import { writeFileDurably } from './durableFile.ts';
import { makeTempDir } from './journalTestRows.ts';
import { virtualRunName, wallRunName } from './runId.ts';
import {
  beginIncarnation,
  buildIdentity,
  endRun,
  type RunManifest,
  readManifest,
  writeManifest,
} from './runManifest.ts';

const makeManifest = (change: Partial<RunManifest> = {}): RunManifest => ({
  manifestVersion: 1,
  run: 'r1',
  folder: 'r1',
  runTag: 'abcdefgh',
  nightjarVersion: '0.1.0',
  nodeVersion: '26.10.0',
  timeZoneData: '2026a',
  lockfileHash: null,
  configHash: 'c',
  config: {},
  machineHashes: {},
  seed: 7,
  clock: 'wall',
  mode: 'paper',
  env: 'sim',
  parentRun: null,
  startedAtMs: 1000,
  endedAtMs: null,
  ended: 'running',
  incarnations: [],
  ...change,
});

/** The pid of a process that has lived and was reaped. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid!;
}

it.runIf(process.platform === 'linux')('refuses a place where no folder can be made, and says so at once', () => {
  for (const path of ['/proc/x', '/proc/x/y/z', '/dev/null/x']) {
    expect(() => createDataDir(path)).toThrow(
      new RegExp(`--data ${path} cannot be made a data directory \\((ENOENT|ENOTDIR|EACCES)\\): name a folder`),
    );
  }
});

describe('data directory lock', () => {
  it('refuses a second start, naming the pid that holds it', () => {
    const dataDir = createDataDir(makeTempDir());
    const lock = dataDir.lock(1000);

    expect(() => dataDir.lock(2000)).toThrow(`process with pid ${process.pid}`);
    expect(() => dataDir.lock(2000)).toThrow(expect.objectContaining({ code: 'data.locked' }));
    expect(dataDir.heldBy()).toBe(process.pid);

    lock.release();
    expect(dataDir.heldBy()).toBeNull();
    dataDir.lock(3000).release();
    expect(readdirSync(dataDir.root)).toEqual(['runs']);
  });

  it('takes over the lock of a dead process', async () => {
    const path = join(makeTempDir(), 'lock');
    lockDataDir(path, 1000, await deadPid());
    const lock = lockDataDir(path, 2000);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid, startedAtMs: 2000 });
    lock.release();
    expect(existsSync(path)).toBe(false);
  });

  it('takes over a lock whose pid now belongs to another process', () => {
    const path = join(makeTempDir(), 'lock');
    writeFileSync(path, JSON.stringify({ pid: process.pid, startedAtMs: 1, processStart: 'another' }));
    lockDataDir(path, 2000).release();
  });

  it.each(['', 'garbage', '{"pid":"x"}', 'null'])('takes over a lock that holds %j', (text) => {
    const path = join(makeTempDir(), 'lock');
    writeFileSync(path, text);
    lockDataDir(path, 2000).release();
  });

  it('does not release a lock that somebody else took over', () => {
    const path = join(makeTempDir(), 'lock');
    const old = lockDataDir(path, 1000);
    writeFileSync(path, JSON.stringify({ pid: process.pid, startedAtMs: 1, processStart: null }));
    old.release();
    expect(existsSync(path)).toBe(true);
  });
});

describe('data directory', () => {
  it('gives equal virtual runs a folder suffix', () => {
    const dataDir = createDataDir(makeTempDir());
    expect(['v', 'v', 'v'].map((id) => dataDir.createRunFolder(id))).toEqual(['v', 'v-2', 'v-3']);
    expect(existsSync(dataDir.runDir('v-3'))).toBe(true);
  });

  it('finds the newest run, a run by folder, and by id, past damaged and foreign folders', () => {
    const dataDir = createDataDir(makeTempDir());
    for (const [folder, startedAtMs] of [
      ['a', 3000],
      ['b', 9000],
      ['b-2', 5000],
    ] as const) {
      dataDir.createRunFolder(folder);
      writeManifest(dataDir.runDir(folder), makeManifest({ folder, run: folder[0]!, startedAtMs }));
    }
    mkdirSync(dataDir.runDir('foreign'));
    dataDir.createRunFolder('damaged');
    writeFileSync(join(dataDir.runDir('damaged'), 'manifest.json'), '\0\0\0');

    expect(dataDir.latestRun()?.folder).toBe('b');
    expect(dataDir.findRun()).toBe(dataDir.runDir('b'));
    expect(dataDir.findRun('b-2')).toBe(dataDir.runDir('b-2'));
    expect(() => dataDir.findRun('zzz')).toThrow('no run "zzz"');
    expect(() => dataDir.findRun('zzz')).toThrow('there are b, b-2, a');
    expect(() => openDataDir(makeTempDir()).findRun()).toThrow('there is none');
    expect(() => readManifest(dataDir.runDir('damaged'))).toThrow('manifest.json is no JSON');
    expect(() => readManifest(dataDir.runDir('foreign'))).toThrow('does not exist');
  });

  it('announces the endpoint, and explains one that is damaged', () => {
    const dataDir = createDataDir(makeTempDir());
    expect(dataDir.readEndpoint()).toBeNull();
    const endpoint = { pid: 7, corePid: 8, url: 'http://127.0.0.1:7717', run: 'r1', startedAtMs: 1 };
    dataDir.writeEndpoint(endpoint);
    expect(dataDir.readEndpoint()).toEqual(endpoint);
    dataDir.removeEndpoint();
    expect(dataDir.readEndpoint()).toBeNull();
    writeFileSync(join(dataDir.root, 'endpoint.json'), '{"pid":1');
    expect(() => dataDir.readEndpoint()).toThrow('holds no pid and url: remove it');
  });

  it('is made for its owner alone', () => {
    const root = join(makeTempDir(), 'data');
    createDataDir(root);
    expect(statSync(root).mode & 0o777).toBe(0o700);
  });

  it('replaces a file whole and leaves nothing beside it', () => {
    const dir = makeTempDir();
    const path = join(dir, 'latch');
    writeFileDurably(path, 'old', 0o600);
    writeFileDurably(path, 'new', 0o600);
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(['latch']);
    expect(() => writeFileDurably(join(dir, 'missing', 'x'), 'text')).toThrow('ENOENT');
  });
});

describe('run names', () => {
  it('names a wall-clock run after its start', () => {
    const name = wallRunName(Date.UTC(2026, 0, 5, 14, 30, 0, 123), createRandom(1));
    expect(name.id).toMatch(/^20260105T143000Z-[a-z0-9]{4}$/);
    expect(wallRunName(Date.UTC(2026, 0, 5, 14, 30, 0, 123), createRandom(2)).runTag).not.toBe(name.runTag);
  });

  it('derives a virtual run from version, config and seed alone', () => {
    const parts = { version: '0.1.0', configHash: 'abc', seed: 7 };
    expect(virtualRunName(parts)).toEqual(virtualRunName({ ...parts }));
    const others = [
      { ...parts, seed: 8 },
      { ...parts, version: '0.1.1' },
      { ...parts, configHash: 'abd' },
    ];
    const tags = [parts, ...others].map((each) => virtualRunName(each).runTag);
    expect(new Set(tags).size).toBe(4);
  });

  it('gives a tag that client order ids accept', () => {
    const { runTag } = virtualRunName({ version: '0', configHash: '', seed: 0 });
    const parts = { runTag, botSlot: 0, coreIncarnation: 1, botIncarnation: 1, sequence: 1 };
    expect(makeClientOrderId(parts)).toHaveLength(26);
  });
});

describe('manifest', () => {
  it('keeps count of incarnations and says that a killed one was recovered from', () => {
    const first = beginIncarnation(makeManifest(), 1000);
    const second = beginIncarnation(first, 5000);
    expect(second.incarnations).toEqual([
      { incarnation: 1, startedAtMs: 1000, endedAtMs: 5000, ended: 'killed' },
      { incarnation: 2, startedAtMs: 5000, endedAtMs: null, ended: 'running' },
    ]);
    expect(endRun(second, 'clean', 9000)).toMatchObject({ ended: 'crash-recovered', endedAtMs: 9000 });
    expect(endRun(first, 'clean', 9000)).toMatchObject({ ended: 'clean' });
    expect(endRun(first, 'failed', 9000)).toMatchObject({ ended: 'failed' });
  });

  it('is read back as written, refused when newer, explained when a part is missing', () => {
    const dir = makeTempDir();
    writeManifest(dir, makeManifest({ config: { bots: { arb: {} } } }));
    expect(readManifest(dir)).toEqual(makeManifest({ config: { bots: { arb: {} } } }));
    writeManifest(dir, makeManifest({ manifestVersion: 9 }));
    expect(() => readManifest(dir)).toThrow('manifest version 9, this Nightjar reads up to 1');
    writeFileSync(join(dir, 'manifest.json'), '{"manifestVersion":1,"run":"r"}');
    expect(() => readManifest(dir)).toThrow('lacks "folder"');
  });

  it('names the build by version, Node, time-zone data and lockfile', () => {
    const dir = makeTempDir();
    writeFileSync(join(dir, 'package.json'), '{"version":"1.2.3"}');
    expect(buildIdentity(dir)).toMatchObject({ nightjarVersion: '1.2.3', lockfileHash: null });
    writeFileSync(join(dir, 'package-lock.json'), '{}');
    expect(buildIdentity(dir).lockfileHash).toMatch(/^[0-9a-f]{64}$/);
    expect(buildIdentity(dir).nodeVersion).toBe(process.versions.node);
  });
});
