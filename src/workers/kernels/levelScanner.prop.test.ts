import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countIncrements, createScale, readDecimal, refineScale, toDecimalText, toNumber } from './decimalScale.ts';
import { createLevelBuffer, FULL, OFF_GRID, scanLevels } from './levelScanner.ts';

const decimal = fc
  .tuple(
    fc.oneof(fc.integer({ min: 0, max: 90_000 }), fc.integer({ min: 0, max: 2_000_000_000 })),
    fc.integer({ min: 0, max: 99_999_999 }),
    fc.integer({ min: 0, max: 8 }),
  )
  .map(([whole, fraction, digits]) => {
    return digits === 0 ? `${whole}` : `${whole}.${String(fraction).padStart(8, '0').slice(0, digits)}`;
  });
const grid = fc
  .tuple(fc.integer({ min: 0, max: 8 }), fc.constantFrom(1, 2, 5, 25))
  .map(([decimals, step]) => createScale(decimals, step));
const bytesOf = (text: string) => new TextEncoder().encode(`${text}}`);

describe('scanLevels', () => {
  it('reads every level as exact decimal arithmetic does, or says that the value is off the grid or not plain', () => {
    const seen = { read: 0, offGrid: 0, slow: 0 };
    fc.assert(
      fc.property(fc.array(fc.tuple(decimal, decimal), { maxLength: 8 }), grid, grid, (levels, price, size) => {
        const out = createLevelBuffer(8);
        const text = JSON.stringify(levels);
        const end = scanLevels(bytesOf(text), 0, out, price, size);
        const exact = levels.map(([p, q]) => [
          countIncrements(readDecimal(p)!, price),
          countIncrements(readDecimal(q)!, size),
        ]);
        if (end === OFF_GRID) {
          seen.offGrid += 1;
          expect(exact.flat().some(Number.isNaN)).toBe(true);
        } else if (end < 0) seen.slow += 1;
        else {
          seen.read += 1;
          expect(end).toBe(text.length);
          expect(out.count).toBe(levels.length);
          expect(exact).toEqual(levels.map((_, i) => [out.ticks[i], out.lots[i]]));
        }
      }),
      { numRuns: 2_000 },
    );
    expect(Math.min(seen.read, seen.offGrid, seen.slow)).toBeGreaterThan(20);
  });

  it.each([
    ['an exponent', '[["1e5","1"]]'],
    ['a minus', '[["-1","1"]]'],
    ['ten digits', '[["1234567890","1"]]'],
    ['a space', '[["1", "1"]]'],
    ['a bare number', '[[1,"1"]]'],
    ['no digits', '[["","1"]]'],
    ['an empty fraction', '[["1.","1"]]'],
    ['a missing size', '[["1"]]'],
    ['two dots', '[["1.2.3","1"]]'],
    ['a cut end', '[["1","2"],'],
    ['a letter', '[["1x","1"]]'],
  ])('leaves %s to the slow reader', (_, text) => {
    expect(scanLevels(bytesOf(text), 0, createLevelBuffer(4), createScale(2, 1), createScale(2, 1))).toBe(-1);
  });

  it('says when its buffer is full', () => {
    const text = '[["1","1"],["2","1"],["3","1"]]';
    expect(scanLevels(bytesOf(text), 0, createLevelBuffer(2), createScale(0, 1), createScale(0, 1))).toBe(FULL);
  });

  it('steps over what OKX appends to a level', () => {
    const out = createLevelBuffer(2);
    const text = '[["8476.98","415","0","13"],["8476.97","0","0","0"]]';

    expect(scanLevels(bytesOf(text), 0, out, createScale(2, 1), createScale(0, 1))).toBe(text.length);
    expect([...out.ticks]).toEqual([847_698, 847_697]);
    expect([...out.lots]).toEqual([415, 0]);
  });
});

describe('decimal scales', () => {
  it('find the coarsest grid on which all values lie', () => {
    const scale = refineScale(
      null,
      ['61837.50', '12.25', '0', '100'].map((text) => readDecimal(text)!),
    );
    expect(scale).toMatchObject({ decimals: 2, step: 25 });
    expect(refineScale(scale, [readDecimal('0.1')!])).toMatchObject({ decimals: 2, step: 5 });
  });

  it('give back the text and the number that went in', () => {
    fc.assert(
      fc.property(decimal, (text) => {
        const scale = createScale(8, 1);
        const count = countIncrements(readDecimal(text)!, scale);
        fc.pre(!Number.isNaN(count));
        expect(toNumber(count, scale)).toBe(Number(text));
        expect(toDecimalText(count, scale)).toBe(text.includes('.') ? text.replace(/\.?0+$/, '') : text);
      }),
    );
  });
});
