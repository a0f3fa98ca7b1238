import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { NightjarError } from '../domain/errors.ts';
import { type DataLock, lockDataDir, lockHolderPid } from './dataLock.ts';
import { syncFolder, writeFileDurably } from './durableFile.ts';
import { type RunManifest, readManifest } from './runManifest.ts';

/** `endpoint.json`: how client commands find the running system. */
export interface Endpoint {
  /** The guardian's pid: the one that takes signals. */
  readonly pid: number;
  readonly corePid: number;
  /** Base URL of the control plane, `http://127.0.0.1:7717`. */
  readonly url: string;
  readonly run: string;
  readonly startedAtMs: number;
}

export interface DataDir {
  readonly root: string;
  readonly runsDir: string;
  readonly tokensPath: string;
  readonly latchPath: string;
  readonly statePath: string;
  /** @throws NightjarError data.locked, naming the pid */
  lock(nowMs: number): DataLock;
  /** The pid of the living system that uses the directory, or null. */
  heldBy(): number | null;
  writeEndpoint(endpoint: Endpoint): void;
  /** Null when no system has announced itself here. @throws NightjarError data.unreadable */
  readEndpoint(): Endpoint | null;
  removeEndpoint(): void;
  runDir(folder: string): string;
  /**
   * Makes the folder of a run: its id, or with `-2`, `-3` … behind it when that exists (equal virtual runs).
   * @returns the folder's name
   */
  createRunFolder(id: string): string;
  /** The runs that have a readable manifest, newest start first. */
  runs(): readonly RunManifest[];
  /** The newest run, or null in a fresh directory. It is also the parent of the next one. */
  latestRun(): RunManifest | null;
  /** Folder of a run by its folder or id (the newest of that id), or of the newest run. @throws NightjarError data.unreadable, listing what is there */
  findRun(idOrFolder?: string): string;
}

/** The data directory's layout; nothing is created before `createDataDir`. */
export function openDataDir(path: string): DataDir {
  const root = resolve(path);
  const runsDir = join(root, 'runs');
  const endpointPath = join(root, 'endpoint.json');

  const dataDir: DataDir = {
    root,
    runsDir,
    tokensPath: join(root, 'tokens'),
    latchPath: join(root, 'latch'),
    statePath: join(root, 'state.sqlite'),
    lock: (nowMs) => lockDataDir(join(root, 'lock'), nowMs),
    heldBy: () => lockHolderPid(join(root, 'lock')),
    writeEndpoint: (endpoint) => writeFileDurably(endpointPath, `${JSON.stringify(endpoint)}\n`),
    readEndpoint: () => readEndpointFile(endpointPath),
    removeEndpoint: () => rmSync(endpointPath, { force: true }),
    runDir: (folder) => join(runsDir, folder),

    createRunFolder(id) {
      for (let copy = 1; ; copy += 1) {
        const folder = copy === 1 ? id : `${id}-${copy}`;
        try {
          mkdirSync(join(runsDir, folder));
          syncFolder(runsDir);
          return folder;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        }
      }
    },

    runs() {
      if (!existsSync(runsDir)) return [];
      return readdirSync(runsDir, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .flatMap((entry) => readable(join(runsDir, entry.name)))
        .sort((a, b) => b.startedAtMs - a.startedAtMs || (a.folder < b.folder ? 1 : -1));
    },

    latestRun: () => dataDir.runs()[0] ?? null,

    findRun(idOrFolder) {
      const runs = dataDir.runs();
      const found =
        idOrFolder === undefined
          ? runs[0]
          : (runs.find((run) => run.folder === idOrFolder) ?? runs.find((run) => run.run === idOrFolder));
      if (found !== undefined) return join(runsDir, found.folder);
      // A run whose manifest is damaged can still be asked for by its folder: its journal may be whole.
      const isFolder = idOrFolder !== undefined && basename(idOrFolder) === idOrFolder && !/^\.*$/.test(idOrFolder);
      if (isFolder && existsSync(join(runsDir, idOrFolder))) return join(runsDir, idOrFolder);
      const there =
        runs.length === 0
          ? 'there is none'
          : `there are ${runs
              .slice(0, 5)
              .map((run) => run.folder)
              .join(', ')}`;
      const asked = idOrFolder === undefined ? 'no run' : `no run "${idOrFolder}"`;
      throw new NightjarError(
        'data.unreadable',
        `${asked} in ${runsDir} (${there}): check --data and --run, or make a run with "nightjar start"`,
        { runsDir, run: idOrFolder },
      );
    },
  };
  return dataDir;
}

/** Opens a data directory and makes what is missing, readable by its owner alone. */
export function createDataDir(path: string): DataDir {
  const dataDir = openDataDir(path);
  try {
    makeFolders(dataDir.root);
    mkdirSync(dataDir.runsDir, { recursive: true });
    syncFolder(dataDir.root);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new NightjarError(
      'data.unreadable',
      `--data ${path} cannot be made a data directory (${code}): name a folder that can be written, or free the disk`,
      { path },
      error,
    );
  }
  return dataDir;
}

/** As `mkdir -p`, level by level: Node's own recursion never ends where a folder takes no entries, such as /proc. */
function makeFolders(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolders(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

/** A run whose manifest is damaged must not hide the others; asked for by name, it is explained by `readManifest`. */
function readable(runDir: string): RunManifest[] {
  try {
    return [readManifest(runDir)];
  } catch (error) {
    if (error instanceof NightjarError) return [];
    throw error;
  }
}

function readEndpointFile(path: string): Endpoint | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new NightjarError('data.unreadable', `${path} cannot be read: check its owner and rights`, { path }, error);
  }
  try {
    const endpoint = JSON.parse(text) as Partial<Endpoint> | null;
    if (Number.isInteger(endpoint?.pid) && typeof endpoint?.url === 'string') return endpoint as Endpoint;
  } catch {
    // Falls through to the same answer as JSON of another shape.
  }
  throw new NightjarError('data.unreadable', `${path} holds no pid and url: remove it and start again`, { path });
}
