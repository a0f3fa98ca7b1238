/** Everything that reads a run's journal without being its writer. */
export {
  commandsHash,
  decisionsHash,
  type JournalReader,
  openJournalReader,
  type StoredInput,
} from './journalReader.ts';
export { type BotSummary, type RunSummary, summariseRun } from './summariseRun.ts';
