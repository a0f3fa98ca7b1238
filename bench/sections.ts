import { bookPathSection } from './bookPath.ts';
import { decodeSection } from './decode/decodeBench.ts';
import { hostSection } from './hostBench.ts';
import { journalSection } from './journal/journalBench.ts';
import { memorySection } from './memory/memoryBench.ts';
import { coreSection } from './recovery/coreBench.ts';
import { laneSection } from './recovery/laneBench.ts';
import { ringSection } from './ringBench.ts';
import { riskGateSection } from './riskGate.ts';
import type { BenchSection } from './section.ts';
import { childrenSection } from './supervision/childrenBench.ts';
import { crashSection } from './supervision/crashBench.ts';

/** In the order in which they run and print. */
export const sections: readonly BenchSection[] = [
  decodeSection,
  bookPathSection,
  ringSection,
  hostSection,
  riskGateSection,
  crashSection,
  childrenSection,
  memorySection,
  laneSection,
  coreSection,
  journalSection,
];
