/**
 * A market in which both bots trade about every two seconds: dislocations without a pause, cheap fees, low hurdles, quotes
 * without a limit. What is under way at a random moment is then rarely nothing, and tight tolerances leave legs unfilled.
 * The harness beside it keeps the machine busy on purpose, which is no reason to close the permits.
 */
export const BUSY_MARKET: readonly string[] = [
  'sim.market.episodeGapMs=2000',
  'sim.market.cheapShare=1',
  'sim.market.feeScale=0.1',
  'sim.market.quotesPerSecond=1000',
  'sim.market.quoteBurst=1000',
  'bots.arb.guardMs=100',
  'bots.arb.netEdgeMinBps=4',
  'bots.arb.preNetMinBps=0',
  'bots.arb.grossMinBps=0',
  'bots.arb.slippageBps=2',
  'risk.maxLoopDelayMs=60000',
].flatMap((setting) => ['--set', setting]);
