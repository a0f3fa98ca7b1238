import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { METRICS } from './metrics.ts';
import type { SlabShare } from './slab.ts';
import { lastReportMs } from './slabSink.ts';
import type { SlabReader } from './slabText.ts';

export interface RegistryInput {
  readonly run: string;
  readonly version: string;
  readonly codeHash: string;
  readonly configHash: string;
  readonly slabs: readonly SlabShare[];
  readonly reader: SlabReader;
  /** The latch per bot id, as shown: 0 open, 1 permit closed, 2 killed. */
  permitLevels(): readonly { readonly bot: string; readonly level: number }[];
  nowMs(): number;
}

export interface EdgeRegistry {
  readonly contentType: string;
  /** The whole scrape: what this thread knows itself, and every slab. Asks no thread anything. */
  scrape(): Promise<string>;
}

/** The one prom-client registry of the system. Made once per edge incarnation. */
export function createEdgeRegistry(input: RegistryInput): EdgeRegistry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  // prom-client's nodejs_* describe this thread alone; ours carry a thread label. process_* are the process's.
  for (const { name } of registry.getMetricsAsArray()) {
    if (name.startsWith('nodejs_') && name !== 'nodejs_version_info') registry.removeSingleMetric(name);
  }

  const gauge = (name: string, collect?: (gauge: Gauge) => void) => {
    const declared = METRICS.find((metric) => metric.name === name && metric.home === 'registry');
    if (declared === undefined) throw new Error(`metric ${name}: not declared for the registry`);
    return new Gauge({
      name,
      help: declared.help,
      labelNames: Object.keys(declared.labels),
      registers: [registry],
      ...(collect === undefined ? {} : { collect: (): void => collect(self(name)) }),
    });
  };
  const self = (name: string) => registry.getSingleMetric(name) as Gauge;

  gauge('nightjar_epoch_info').set({ run: input.run }, 1);
  gauge('nightjar_build_info').set(
    { version: input.version, code_hash: input.codeHash, config_hash: input.configHash },
    1,
  );
  gauge('nightjar_thread_last_report_age_seconds', (ages) => {
    for (const { thread, buffer } of input.slabs) {
      ages.set({ thread }, (input.nowMs() - lastReportMs(buffer)) / 1000);
    }
  });
  gauge('nightjar_permit_level', (levels) => {
    for (const { bot, level } of input.permitLevels()) levels.set({ bot }, level);
  });

  return {
    contentType: registry.contentType,
    scrape: async () => `${await registry.metrics()}${input.reader.text()}`,
  };
}
