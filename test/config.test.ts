import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { arbInstances } from '../src/config/arbInstances.ts';
import { envNameOf } from '../src/config/configEnv.ts';
import { configHash } from '../src/config/configHash.ts';
import { exampleYaml } from '../src/config/configManual.ts';
import { type LoadConfigOptions, loadConfig } from '../src/config/loadConfig.ts';
import { settingPaths } from '../src/config/settingPaths.ts';
import { configFileSchema } from '../src/config/settingSchema.ts';
import { NightjarError } from '../src/domain/errors.ts';
import type { KnobFinding } from '../src/domain/knobs.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'nightjar-config-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const load = (options: Omit<LoadConfigOptions, 'cwd'> = {}) => loadConfig({ cwd, ...options });
const writeFile = (text: string, name = 'nightjar.yaml') => writeFileSync(join(cwd, name), text);
const sol = (options: Omit<LoadConfigOptions, 'cwd'> = {}) => load(options).config.bots.arb.instances.SOL!;

/** The findings of a refusal. */
function refusalOf(options: Omit<LoadConfigOptions, 'cwd'>): KnobFinding[] {
  try {
    load(options);
  } catch (error) {
    if (error instanceof NightjarError && error.code === 'config.invalid') {
      return error.details.findings as KnobFinding[];
    }
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the order of the sources', () => {
  it('is flag over environment over file over default, and each value knows its origin', () => {
    const path = 'bots.arb.SOL.netEdgeMinBps';
    expect(sol().netEdgeMinBps).toBe(38);
    expect(load().origins[path]).toEqual({ origin: 'default', where: '' });

    writeFile('bots:\n  arb:\n    netEdgeMinBps: 40\n');
    expect(sol().netEdgeMinBps).toBe(40);
    expect(load().origins[path]).toEqual({ origin: 'file', where: 'nightjar.yaml:3, bots.arb.netEdgeMinBps' });

    const env = { NIGHTJAR_BOTS_ARB_NET_EDGE_MIN_BPS: '41' };
    expect(sol({ env }).netEdgeMinBps).toBe(41);
    expect(load({ env }).origins[path]?.origin).toBe('env');

    const flags = { set: ['bots.arb.netEdgeMinBps=42'] };
    expect(sol({ env, flags }).netEdgeMinBps).toBe(42);
    expect(load({ env, flags }).origins[path]?.origin).toBe('flag');
  });

  it("lets an instance's own knob win over that of all instances, but not over a stronger source", () => {
    writeFile('bots:\n  arb:\n    hitTtlMs: 2000\n    SOL:\n      hitTtlMs: 2200\n');
    const { instances } = load().config.bots.arb;
    expect([instances.SOL!.hitTtlMs, instances.RAY!.hitTtlMs]).toEqual([2200, 2000]);
    expect(sol({ flags: { set: ['bots.arb.hitTtlMs=3000'] } }).hitTtlMs).toBe(3000);
  });

  it('takes the last of two --set for the same path', () => {
    expect(sol({ flags: { set: ['bots.arb.hitTtlMs=2000', 'bots.arb.hitTtlMs=2100'] } }).hitTtlMs).toBe(2100);
  });

  it('has a named flag for each top setting', () => {
    const { config, origins } = load({ flags: { port: '0', seed: 11, clock: 'virtual', logLevel: 'debug' } });
    expect(config).toMatchObject({ port: 0, seed: 11, clock: 'virtual', logLevel: 'debug' });
    expect(origins.logLevel).toEqual({ origin: 'flag', where: '--log-level' });
  });

  it('reads a file that is named, and only then insists on it', () => {
    writeFile('port: 8000\n', 'other.yaml');
    expect(load({ file: 'other.yaml' }).config.port).toBe(8000);
    expect(load({ env: { NIGHTJAR_CONFIG: 'other.yaml' } }).config.port).toBe(8000);
    expect(refusalOf({ file: 'missing.yaml' })[0]).toMatchObject({ value: 'missing.yaml', limit: 'no such file' });
  });
});

describe('the defaults', () => {
  it('run SOL and RAY on the embedded venues, open all day, and say so', () => {
    const { config, findings } = load();
    expect(config).toMatchObject({
      port: 7717,
      data: './data',
      clock: 'wall',
      mode: 'live',
      env: 'sim',
      onStop: 'hold',
    });
    expect(arbInstances(config).map(({ id, pair }) => [id, pair])).toEqual([
      ['bot:arb:SOL', 'SOL/USDT'],
      ['bot:arb:RAY', 'RAY/USDT'],
    ]);
    expect(arbInstances(config).map(({ knobs }) => [knobs.nearPx, knobs.autoPx, knobs.amount, knobs.slot])).toEqual([
      [0.05, 0.015, 0.8, 'allDay'],
      [0.03, 0.025, 0, 'allDay'],
    ]);
    expect(findings.filter(({ path }) => path.endsWith('.slot'))).toHaveLength(2);
  });

  it('leave the slot alone once the operator has chosen', () => {
    const { config, findings } = load({ flags: { set: ['bots.arb.slot=usOpen'] } });
    expect(config.bots.arb.instances.RAY!.slot).toBe('usOpen');
    expect(findings.filter(({ path }) => path.endsWith('.slot'))).toEqual([]);
  });

  it("scale the bots' fees with the venues' and name the reason", () => {
    const { config, origins } = load({ flags: { set: ['sim.market.feeScale=2', 'sim.market.dexLag=false'] } });
    expect(config.sim.market).toMatchObject({ feeScale: 2, dexLag: false });
    expect(config.bots.arb.instances.SOL!.cexFeeBps).toBe(20);
    expect(origins['bots.arb.SOL.cexFeeBps']).toEqual({ origin: 'default', where: '10 × sim.market.feeScale 2' });
    expect(sol({ flags: { set: ['sim.market.feeScale=2', 'bots.arb.cexFeeBps=9'] } }).cexFeeBps).toBe(9);
  });

  it('are what the example file shows, and copying it changes nothing', () => {
    const withoutFile = load().config;
    writeFile(exampleYaml());
    expect(load().config).toEqual(withoutFile);
    expect(Object.values(load().origins).every(({ origin }) => origin === 'default')).toBe(true);

    const uncommented = exampleYaml().replace(/^( *)# (\w+: )/gm, '$1$2');
    const shown = parse(uncommented);
    expect(shown).toMatchObject({ port: 7717, bots: { arb: { symbols: ['SOL', 'RAY'], hitTtlMs: 2500 } } });
    expect(configFileSchema().safeParse(shown).success).toBe(true);
    writeFile(uncommented);
    expect(sol().nearPx).toBe(0.05);
    expect(load().config.bots.arb.instances.RAY!.nearPx).toBe(0.03);
  });
});

describe('short names of the environment', () => {
  it.each([
    ['NET_EDGE_MIN_BPS', '39', 'netEdgeMinBps', 39],
    ['GUARD_SEC', '2', 'guardMs', 2000],
    ['GUARD_SEC', '0.5', 'guardMs', 500],
  ] as const)('%s=%s sets %s', (name, text, knob, value) => {
    expect(sol({ env: { [name]: text } })[knob]).toBe(value);
  });

  it('MAX_NOTIONAL caps every ladder', () => {
    const [finding] = refusalOf({ env: { MAX_NOTIONAL: '5' } });
    expect(finding).toMatchObject({ path: 'bots.arb.SOL.ladderNotional', value: '10 USDT' });
    expect(finding?.limit).toContain('maxNotional = 5');
  });

  it('yields to the full name of the same setting', () => {
    expect(sol({ env: { NET_EDGE_MIN_BPS: '39', NIGHTJAR_BOTS_ARB_NET_EDGE_MIN_BPS: '40' } }).netEdgeMinBps).toBe(40);
  });

  it.each([
    'ALIGN_MS',
    'KEEP_CONFIRM_MS',
    'JOIN_WINDOW_MS',
    'TTL_MS',
    'REQUIRE_PAIR',
    'REPLAY_MODE',
    'CANARY_ENABLED',
    'CANARY_RATIO',
  ])('%s is refused, since its bot is not there', (name) => {
    const [finding] = refusalOf({ env: { [name]: '1' } });
    expect(finding?.limit).toMatch(/belongs to the bot "(snipe|short)", which is not in this version/);
    expect(load({ env: { [name]: '' } }).config.port).toBe(7717);
  });

  it('knows every setting by one variable of its own', () => {
    const names = settingPaths.map(({ path }) => envNameOf(path).replaceAll('_', ''));
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('a value that cannot stand', () => {
  it.each([
    [
      'a negative notional',
      'bots.arb.ladderNotional=-10',
      'bots.arb.ladderNotional',
      '-10',
      'from 0.01',
      'set 0.01 or more',
    ],
    [
      'a number above its limit',
      'bots.arb.hitTtlMs=9000',
      'bots.arb.hitTtlMs',
      '9000',
      'to 3000 ms',
      'set 3000 or less',
    ],
    ['a word for a number', 'bots.arb.guardMs=1s', 'bots.arb.guardMs', '1s', 'a number', 'without unit'],
    ['nothing for a number', 'bots.arb.guardMs=', 'bots.arb.guardMs', '', 'a number', 'plain number'],
    ['a hexadecimal number', 'seed=0x10', 'seed', '0x10', 'whole number', 'whole digits'],
    ['a fraction of a port', 'port=1.5', 'port', '1.5', 'whole number', 'whole digits'],
    ['a port beyond the last', 'port=70000', 'port', '70000', '65535', 'set 65535 or less'],
    ['an unknown choice', 'bots.arb.slot=always', 'bots.arb.slot', 'always', 'usOpen, allDay', 'usOpen or allDay'],
    ['yes for true', 'sim.market.dexLag=yes', 'sim.market.dexLag', 'yes', 'true or false', 'true or false'],
    ['an unknown symbol', 'bots.arb.symbols=SOL,DOGE', 'bots.arb.symbols', 'SOL,DOGE', 'SOL, RAY', '[SOL, RAY]'],
    ['a symbol twice', 'bots.arb.symbols=SOL,SOL', 'bots.arb.symbols', 'SOL,SOL', 'each once', '[SOL, RAY]'],
    ['a time zone that is none', 'reportTimeZone=Mars/Base', 'reportTimeZone', 'Mars/Base', 'IANA', 'UTC'],
    ['an empty data directory', 'data= ', 'data', '', 'a path', './data'],
    [
      'a misspelt knob',
      'bots.arb.netEdgMinBps=38',
      'bots.arb.netEdgMinBps',
      '38',
      'not a setting',
      'bots.arb.netEdgeMinBps?',
    ],
    [
      'a knob of one symbol misspelt',
      'bots.arb.SOL.naerPx=1',
      'bots.arb.SOL.naerPx',
      '1',
      'not a setting',
      'bots.arb.SOL.nearPx?',
    ],
    ['a knob without its section', 'nearPx=1', 'nearPx', '1', 'not a setting', 'bots.arb.nearPx?'],
    ['a section', 'bots.arb=1', 'bots.arb', '1', 'a section', 'bots.arb.symbols'],
    ['a later bot', 'bots.snipe.k=3', 'bots.snipe.k', '3', 'not in this version', 'arb'],
    ['no equals sign', 'port', '--set', 'port', 'PATH=VALUE', '--set bots'],
  ])('%s is refused with path, value, limit and remedy', (_name, set, path, value, limit, remedy) => {
    const findings = refusalOf({ flags: { set: [set] } });
    expect(findings).toHaveLength(1);
    expect(findings[0]?.path).toBe(path);
    expect(findings[0]?.value).toContain(value);
    expect(findings[0]?.limit).toContain(limit);
    expect(findings[0]?.remedy).toContain(remedy);
  });

  it.each([
    ['fees above the execution line', ['bots.arb.cexFeeBps=37'], 'bots.arb.SOL.netEdgeMinBps', '39 bps'],
    ['fees that the market scales above the line', ['sim.market.feeScale=4'], 'bots.arb.SOL.netEdgeMinBps', '42 bps'],
    ['an auto line outside the near line', ['bots.arb.SOL.autoPx=0.2'], 'bots.arb.SOL.autoPx', 'nearPx = 0.05'],
    [
      'a ladder above its cap',
      ['bots.arb.SOL.ladderNotional=2000', 'bots.arb.SOL.amount=99'],
      'bots.arb.SOL.ladderNotional',
      'maxNotional = 1000',
    ],
    ['no size to take the others from', ['bots.arb.SOL.amount=0'], 'bots.arb.SOL.amount', 'more than 0'],
    ['real money', ['env=mainnet', 'bots.arb.slot=usOpen'], 'env', 'only sim in this version'],
    ['a mode that is not built', ['mode=paper'], 'mode', 'only live in this version'],
  ])('the relation "%s" is refused with path, value, limit and remedy', (_name, set, path, limit) => {
    const finding = refusalOf({ flags: { set } }).find((found) => found.path === path);
    expect(finding?.limit).toContain(limit);
    expect(finding?.value).not.toBe('');
    expect(finding?.remedy).not.toBe('');
  });

  it('does not repeat what stands behind a name like a secret, wherever it was written', () => {
    writeFile('exchanges:\n  okx:\n    apiSecret: planted-1\n');
    const flags = { set: ['wallet.privateKey=planted-2'] };
    const findings = refusalOf({ flags, env: { NIGHTJAR_OKX_PASSPHRASE: 'planted-3' } });
    expect(findings.map(({ path, value }) => [path, value])).toEqual(
      expect.arrayContaining([
        ['exchanges', '(not shown)'],
        ['wallet.privateKey', '(not shown)'],
        ['NIGHTJAR_OKX_PASSPHRASE', '(not shown)'],
      ]),
    );
    expect(JSON.stringify(findings)).not.toContain('planted');
  });

  it('judges the ladder by the price, where one is known', () => {
    const flags = { set: ['bots.arb.SOL.ladderNotional=200'] };
    expect(load({ flags }).config.bots.arb.instances.SOL!.ladderNotional).toBe(200);
    expect(refusalOf({ flags, prices: { SOL: 150 } })[0]?.limit).toBe('at most amount × price = 120 USDT');
  });

  it('names all that is wrong at once, in the file with its line', () => {
    writeFile('prot: 1\nport: "7717"\nbots:\n  arb:\n    guardMs: fast\nsim: 3\n');
    const findings = refusalOf({ env: { NIGHTJAR_SEDE: '1' }, flags: { set: ['clock=sundial'] } });
    expect(findings.map(({ path }) => path).sort()).toEqual(
      ['NIGHTJAR_SEDE', 'bots.arb.guardMs', 'clock', 'port', 'prot', 'sim'].sort(),
    );
    expect(findings.find(({ path }) => path === 'prot')).toMatchObject({
      value: '1 (nightjar.yaml:1)',
      remedy: 'did you mean port?',
    });
    expect(findings.find(({ path }) => path === 'bots.arb.guardMs')?.value).toBe('fast (nightjar.yaml:5)');
    expect(findings.find(({ path }) => path === 'NIGHTJAR_SEDE')?.remedy).toBe('did you mean NIGHTJAR_SEED?');
  });

  it.each([
    ['an unclosed bracket', 'port: [1\n'],
    ['a key twice', 'port: 1\nport: 2\n'],
    ['a tab for indentation', 'bots:\n\tarb: 1\n'],
  ])('refuses a file with %s and names the line', (_name, text) => {
    writeFile(text);
    expect(refusalOf({})[0]?.value).toMatch(/nightjar\.yaml:\d+:\d+/);
  });

  it.each([
    ['a list', '- 1\n'],
    ['a text', 'hello\n'],
  ])('refuses a file that is %s', (_name, text) => {
    writeFile(text);
    expect(refusalOf({})[0]?.path).toBe('(file)');
  });

  it.each(['', '# only a comment\n', 'bots:\n', 'bots:\n  arb:\n    SOL:\n'])(
    'takes the empty file %j for no change',
    (text) => {
      const withoutFile = load().config;
      writeFile(text);
      expect(load().config).toEqual(withoutFile);
    },
  );

  it('only warns of settings for a symbol that does not run', () => {
    const { findings } = load({ flags: { set: ['bots.arb.symbols=SOL', 'bots.arb.RAY.nearPx=0.04'] } });
    expect(findings.find(({ path }) => path === 'bots.arb.RAY.nearPx')?.severity).toBe('warn');
  });
});

describe('the config hash', () => {
  const hashWith = (...set: string[]) => configHash(load({ flags: { set } }).config);

  it('is the same for the same decisions, wherever they run', () => {
    expect(hashWith('port=0', 'data=/elsewhere', 'logLevel=debug', 'clock=virtual')).toBe(hashWith());
    expect(hashWith('bots.arb.netEdgeMinBps=38')).toBe(hashWith());
  });

  it.each(['seed=8', 'bots.arb.SOL.nearPx=0.06', 'sim.market.dexLag=false', 'bots.arb.symbols=SOL', 'onStop=flatten'])(
    'changes with %s',
    (set) => {
      expect(hashWith(set)).not.toBe(hashWith());
      expect(hashWith(set)).toMatch(/^[0-9a-f]{64}$/);
    },
  );
});

it('the example file and the manual are what the code says', async () => {
  const { configMarkdown } = await import('../src/config/configManual.ts');
  expect(readFileSync('nightjar.example.yaml', 'utf8')).toBe(exampleYaml());
  expect(readFileSync('docs/CONFIG.md', 'utf8')).toBe(configMarkdown());
});
