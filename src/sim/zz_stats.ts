import { createRandom } from '../domain/random.ts';
import { defaultSimConfig } from './simConfig.ts';
import { createSimWorld } from './simWorld.ts';
import { createSteppedClock } from './steppedClock.ts';
const q = (xs: number[], p: number) => { const s = [...xs].sort((a, b) => a - b); return s[Math.min(s.length - 1, Math.floor(p * s.length))]!; };
for (const seed of [1, 7]) for (const pair of ['SOL/USDT', 'RAY/USDT', 'BTC/USDT', 'USDC/USDT']) {
  const clock = createSteppedClock();
  const t0 = performance.now();
  const world = createSimWorld({ clock, random: createRandom(seed), config: defaultSimConfig });
  const m = world.inside.market('binance', pair);
  const levels: number[] = []; const gaps: number[] = []; const signs: number[] = []; let lastT = NaN;
  const sym = m.instrument.venueSymbol.toLowerCase();
  world.openSocket('binance', `/stream?streams=${sym}@depth@100ms/${sym}@trade`, {
    send(t) { const d = JSON.parse(t).data; if (d.e === 'depthUpdate') levels.push(d.b.length + d.a.length); },
    ping() {}, close() {} });
  const orders: {t:number, s:number}[] = [];
  world.openSocket('binance', `/ws/${sym}@trade`, { send(t) { const d = JSON.parse(t); const n = clock.nowMs(); if (n !== lastT) { if (!Number.isNaN(lastT)) gaps.push(n - lastT); lastT = n; signs.push(d.m ? -1 : 1); } }, ping() {}, close() {} });
  let one = 0, n = 0; const ratio: number[] = []; const l5: number[] = []; const mids: number[] = []; const crossed = { n: 0 }; const counts: number[] = [];
  for (let i = 0; i < 12000; i++) {
    clock.advance(50);
    const b = m.book;
    const bid = b.bestTick('bid'), ask = b.bestTick('ask');
    if (bid >= ask) crossed.n++;
    n++; if (ask - bid === 1) one++;
    if (i % 20 === 0) {
      mids.push((bid + ask) / 2);
      const t = b.top('bid', 5); ratio.push(t[0]![1] / t[1]![1]); l5.push(t[0]![0] - t[4]![0]); counts.push(b.levelCount('bid'));
    }
  }
  const r1 = mids.slice(1).map((x, i) => Math.abs(x / mids[i]! - 1) * 1e4);
  const mean = gaps.reduce((a, b) => a + b, 0) / gaps.length;
  const cv = Math.sqrt(gaps.reduce((a, b) => a + (b - mean) ** 2, 0) / gaps.length) / mean;
  const ac = (k: number) => { const mu = signs.reduce((a,b)=>a+b,0)/signs.length; let c=0,v=0; for (let i=0;i<signs.length;i++){v+=(signs[i]!-mu)**2; if(i+k<signs.length)c+=(signs[i]!-mu)*(signs[i+k]!-mu);} return c/v; };
  console.log(seed, pair, 'one tick', (one / n).toFixed(4), 'crossed', crossed.n, 'L1/L2', q(ratio, .5).toFixed(1), 'L5', q(l5, .5), 'levels', q(levels, .5), q(levels, .9), q(levels, .99), 'cv', cv.toFixed(2), 'gap', mean.toFixed(0), 'ac', ac(1).toFixed(2), ac(5).toFixed(2), ac(10).toFixed(2), 'r1s', q(r1, .5).toFixed(2), q(r1, .99).toFixed(2), 'max', q(r1, 1).toFixed(1), 'count', q(counts, .5), q(counts,0),q(counts,1), 'cpu ms', (performance.now() - t0).toFixed(0));
  world.stop();
}
