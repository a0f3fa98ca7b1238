/**
 * Largest heap of each thread, MB (V8's old generation). One that outgrows it dies alone, with
 * ERR_WORKER_OUT_OF_MEMORY, and counts as one crash. Memory outside the heap (buffers, SQLite's cache) is not counted.
 * The core's main thread keeps V8's own limit: `--max-old-space-size` would take these from all threads (measured, 26.10).
 */
export const LANE_HEAP_MB = 256;
export const EDGE_HEAP_MB = 256;
export const GATEWAY_HEAP_MB = 512;
export const JOURNAL_HEAP_MB = 512;
