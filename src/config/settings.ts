import type { Knob } from '../domain/knobs.ts';
import { riskKnobs } from '../risk/limits.ts';
import { simMarketKnobs } from '../sim/simConfig.ts';
import { arbKnobs, arbSymbolDefaults } from '../strategies/arb/arbKnobs.ts';
import { KEY_RISKS } from '../venues/keyRightsAnswers.ts';

/** A line of text with a rule of its own. */
export interface TextSetting {
  readonly kind: 'text';
  readonly help: string;
  readonly default: string;
  /** What it has to look like, in words; `accepts` decides. */
  readonly form: string;
  readonly accepts: (text: string) => boolean;
}

/** A whole number. */
export interface IntegerSetting {
  readonly kind: 'integer';
  readonly unit: string;
  readonly help: string;
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/** Some of the options, each once, in an order that counts. */
export interface ListSetting {
  readonly kind: 'list';
  readonly help: string;
  readonly default: readonly string[];
  readonly options: readonly string[];
}

/** A list without items by default may be empty. */
export const leastItems = ({ default: usual }: ListSetting): 0 | 1 => (usual.length === 0 ? 0 : 1);

/** One leaf of the config: a knob of a bot or of the simulator, or a setting of the system. */
export type Setting = Knob | TextSetting | IntegerSetting | ListSetting;
export type SettingValue = number | boolean | string | readonly string[];

/** Settings at the top of the file; the command line has a flag for each. */
export const topSettings = {
  port: integer({
    unit: '',
    help: 'port of page, metrics and control on loopback; 0 = any free one',
    default: 7717,
    min: 0,
    max: 65_535,
  }),
  data: text({
    help: 'data directory: runs, latch, tokens',
    default: './data',
    form: 'a path',
    accepts: (path) => path.trim() !== '' && !path.includes('\0'),
  }),
  seed: integer({
    unit: '',
    help: 'seed of the embedded market and of every jitter',
    default: 7,
    min: 0,
    max: 4_294_967_295,
  }),
  clock: choice({
    help: 'wall: real threads and sockets; virtual: one thread on an event clock, as fast as it can',
    default: 'wall',
    options: ['wall', 'virtual'],
  }),
  mode: choice({
    help: 'who fills the orders; live: the venue that env names',
    default: 'live',
    options: ['replay', 'paper', 'shadow', 'canary', 'live'],
  }),
  env: choice({
    help: 'sim: the embedded venues, no money; testnet; mainnet',
    default: 'sim',
    options: ['sim', 'testnet', 'mainnet'],
  }),
  logLevel: choice({
    help: 'least level that is logged',
    default: 'info',
    options: ['debug', 'info', 'warn', 'error', 'silent'],
  }),
  reportTimeZone: text({
    help: 'where reports cut their days',
    default: 'UTC',
    form: 'an IANA time zone such as UTC or Asia/Tokyo',
    accepts: isTimeZone,
  }),
  reportCcy: choice({ help: 'currency of every report', default: 'USDT', options: ['USDT'] }),
  onStop: choice({
    help: 'positions at a stop: hold them, or flatten them first',
    default: 'hold',
    options: ['hold', 'flatten'],
  }),
} as const;

/** What the journal keeps, and in pieces of which size; nothing of it decides a trade. */
export const journalSettings = {
  rotateBytes: integer({
    unit: 'bytes',
    help: 'size at which the journal begins its next part; it also does at midnight UTC',
    default: 2 ** 30,
    min: 65_536,
    max: 4 * 2 ** 30,
  }),
  inputsKeptDays: integer({
    unit: 'days',
    help: 'age from which inputs go out of sealed parts and of runs that are over; all else is kept for ever',
    default: 7,
    min: 0,
    max: 36_500,
  }),
} as const;

/** The venues' keys. */
export const keySettings = {
  acceptRisks: {
    kind: 'list',
    help: 'what is wrong with a key and taken all the same; every other finding of the key-rights probe refuses to trade',
    default: [],
    options: KEY_RISKS,
  },
} as const satisfies Record<string, Setting>;

/** Settings of all arbitrage instances together; what one instance can have of its own is in `arbKnobs`. */
export const arbSettings = {
  symbols: {
    kind: 'list',
    help: 'instances that run',
    default: ['SOL', 'RAY'],
    options: Object.keys(arbSymbolDefaults),
  },
  maxNotional: {
    kind: 'number',
    unit: 'USDT',
    help: 'largest ladderNotional that any instance may have',
    default: 1000,
    min: 0.01,
    max: 1e6,
  },
} as const satisfies Record<string, Setting>;

export { arbKnobs, arbSymbolDefaults, riskKnobs, simMarketKnobs };

export type TopName = keyof typeof topSettings;

/** `logLevel` → `--log-level`. */
export function flagNameOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

export type SimMarketValues = SettingValues<typeof simMarketKnobs>;

/** The values of a table of settings. */
export type SettingValues<Table extends Readonly<Record<string, Setting>>> = {
  readonly [Name in keyof Table]: Table[Name] extends {
    readonly kind: 'choice';
    readonly options: readonly (infer Option)[];
  }
    ? Option
    : Table[Name] extends { readonly kind: 'boolean' }
      ? boolean
      : Table[Name] extends { readonly kind: 'text' }
        ? string
        : Table[Name] extends { readonly kind: 'list' }
          ? readonly string[]
          : number;
};

function integer(setting: Omit<IntegerSetting, 'kind'>): IntegerSetting {
  return { kind: 'integer', ...setting };
}

function text(setting: Omit<TextSetting, 'kind'>): TextSetting {
  return { kind: 'text', ...setting };
}

function choice<const T extends string>(setting: { help: string; default: T; options: readonly T[] }) {
  return { kind: 'choice', ...setting } as const;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
