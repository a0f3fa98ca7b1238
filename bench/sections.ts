import { bookPathSection } from './bookPath.ts';
import { hostSection } from './hostBench.ts';
import { ringSection } from './ringBench.ts';
import { riskGateSection } from './riskGate.ts';
import type { BenchSection } from './section.ts';

/** In the order in which they run and print. */
export const sections: readonly BenchSection[] = [bookPathSection, ringSection, hostSection, riskGateSection];
