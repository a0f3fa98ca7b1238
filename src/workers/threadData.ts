import { type MessagePort, workerData } from 'node:worker_threads';

/** What a thread that was started ahead of its need is given in place of its data. */
export interface DataLater {
  /** Its data will come over this, once. */
  readonly later: MessagePort;
  /** URLs of modules to load meanwhile. */
  readonly preload: readonly string[];
}

/** The data of this thread: what it was started with, or what it is told when it is needed. */
export async function threadData<T>(): Promise<T> {
  if (!isLater(workerData)) return workerData as T;
  const { later, preload } = workerData;
  await Promise.all(preload.map((module) => import(module)));
  const data = await new Promise<T>((resolve) => later.once('message', resolve));
  later.close();
  return data;
}

const isLater = (data: unknown): data is DataLater => typeof data === 'object' && data !== null && 'later' in data;
