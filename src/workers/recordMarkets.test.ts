import { expect, it } from 'vitest';
import { distinctMarkets, parseMarket, spotMarkets } from './recordMarkets.ts';

it('names a pair as each venue does, and each market once', () => {
  const markets = [...spotMarkets(['SOL/USDT'], ['binance', 'okx']), parseMarket('binance:spot:SOLUSDT')];
  expect(distinctMarkets(markets)).toEqual([
    { venue: 'binance', market: 'spot', symbol: 'SOLUSDT' },
    { venue: 'okx', market: 'spot', symbol: 'SOL-USDT' },
  ]);
});

it.each([
  ['binance:usdm:SOLUSDT', { venue: 'binance', market: 'usdm', symbol: 'SOLUSDT' }],
  ['okx:swap:SOL-USDT-SWAP', { venue: 'okx', market: 'swap', symbol: 'SOL-USDT-SWAP' }],
  ['bybit:linear:SOLUSDT', { venue: 'bybit', market: 'linear', symbol: 'SOLUSDT' }],
])('reads the market %s', (text, market) => {
  expect(parseMarket(text)).toEqual(market);
});

it.each([
  ['kraken:spot:SOLUSD', 'use okx, binance, bybit'],
  ['okx:usdm:SOLUSDT', 'okx:swap:SYMBOL'],
  ['bybit:linear:sol/usdt', 'in capitals'],
  ['bybit', 'bybit:linear:SYMBOL'],
])('refuses the market %s with a remedy', (text, remedy) => {
  const details = { remedy: expect.stringContaining(remedy) };
  expect(() => parseMarket(text)).toThrow(expect.objectContaining({ code: 'config.invalid', details }));
});

it.each(['SOLUSDT', 'SOL/USDT/X', 'sol/usdt', '/'])('refuses the pair %s', (pair) => {
  expect(() => spotMarkets([pair], ['okx'])).toThrow('like SOL/USDT');
});
