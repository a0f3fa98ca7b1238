import { z } from 'zod';
import {
  arbKnobs,
  arbSettings,
  arbSymbolDefaults,
  journalSettings,
  keySettings,
  leastItems,
  riskKnobs,
  type Setting,
  simMarketKnobs,
  topSettings,
} from './settings.ts';

/** The zod schema of one leaf, made from its plain description, so that limits are written down once. */
export function leafSchema(setting: Setting): z.ZodType {
  switch (setting.kind) {
    case 'number':
      return z.number().min(setting.min).max(setting.max);
    case 'integer':
      return z.int().min(setting.min).max(setting.max);
    case 'boolean':
      return z.boolean();
    case 'choice':
      return z.enum(setting.options as [string, ...string[]]);
    case 'text':
      return z.string().refine(setting.accepts);
    case 'list':
      return z
        .array(z.enum(setting.options as [string, ...string[]]))
        .min(leastItems(setting))
        .refine((items) => new Set(items).size === items.length);
  }
}

/** The whole file: every section optional, every leaf optional with its default, unknown keys refused. */
export function configFileSchema() {
  const perSymbol = Object.fromEntries(
    Object.keys(arbSymbolDefaults).map((symbol) => [symbol, section(tableSchema(arbKnobs, 'without default'))]),
  );
  return z.strictObject({
    ...tableSchema(topSettings, 'with default'),
    journal: section(tableSchema(journalSettings, 'with default')),
    risk: section(tableSchema(riskKnobs, 'with default')),
    keys: section(tableSchema(keySettings, 'with default')),
    bots: section({
      arb: section({
        ...tableSchema(arbSettings, 'with default'),
        ...tableSchema(arbKnobs, 'with default'),
        ...perSymbol,
      }),
    }),
    sim: section({ market: section(tableSchema(simMarketKnobs, 'with default')) }),
  });
}

/** JSON Schema (draft 2020-12) of `nightjar.yaml`, for editors. */
export function configJsonSchema(): unknown {
  return z.toJSONSchema(configFileSchema(), { io: 'input' });
}

function tableSchema(table: Readonly<Record<string, Setting>>, defaults: 'with default' | 'without default') {
  return Object.fromEntries(
    Object.entries(table).map(([name, setting]) => {
      const described = leafSchema(setting).describe(describe(setting));
      return [
        name,
        defaults === 'with default' ? described.meta({ default: setting.default }).optional() : described.optional(),
      ];
    }),
  );
}

function section(shape: Record<string, z.ZodType>) {
  return z.strictObject(shape).optional();
}

function describe(setting: Setting): string {
  return 'unit' in setting && setting.unit !== '' ? `${setting.help} (${setting.unit})` : setting.help;
}
