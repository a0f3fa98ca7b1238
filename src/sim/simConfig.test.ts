import { describe, expect, it } from 'vitest';
import { applySimSetting, defaultSimConfig, simMarketKnobs } from './simConfig.ts';

describe('simulator settings', () => {
  it('have defaults inside their own limits', () => {
    for (const [name, knob] of Object.entries(simMarketKnobs)) {
      if (knob.kind === 'boolean') continue;
      expect(() => applySimSetting(defaultSimConfig, `sim.market.${name}`, String(knob.default))).not.toThrow();
    }
  });

  it('change one knob and leave the others', () => {
    const changed = applySimSetting(defaultSimConfig, 'sim.market.feeScale', '2');
    expect(changed.market).toEqual({ ...defaultSimConfig.market, feeScale: 2 });
    expect(applySimSetting(changed, 'sim.market.dexLag', 'false').market.dexLag).toBe(false);
  });

  it.each([
    ['sim.market.feeScale', '-1', /sim\.market\.feeScale = "-1": give a number from 0 to 100/],
    ['sim.market.feeScale', 'much', /"much"/],
    ['sim.market.feeScale', '', /give a number/],
    ['sim.market.dexLag', 'yes', /give true or false/],
    ['sim.market.dexlag', 'true', /unknown setting sim\.market\.dexlag; known: sim\.market\.dexLag/],
    ['dexLag', 'true', /unknown setting dexLag/],
  ])('refuse %s=%s by name, value and remedy', (path, value, message) => {
    expect(() => applySimSetting(defaultSimConfig, path, value)).toThrow(message);
  });
});
