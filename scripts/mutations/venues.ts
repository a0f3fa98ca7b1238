import type { Mutation } from './mutation.ts';

const test = 'test/failureCasesVenues.test.ts';
const gatewayTest = 'test/gatewayCex.test.ts';
const keeper = 'src/venues/bookKeeper.ts';
const limitsTest = 'test/failureCasesLimits.test.ts';
const usOpen = 'src/strategies/usOpen.ts';

/** Groups C, D and E: market data, time and limits, increments and sizes. */
export const venueMutations: readonly Mutation[] = [
  {
    ...{ number: 'C1', name: 'a snapshot is laid over the old book', file: 'src/venues/marketBook.ts', test },
    search: 'this.ladder.replace(this.decoder.frame.bids',
    replace: 'this.ladder.apply(this.decoder.frame.bids',
  },
  {
    ...{ number: 'C2', name: 'a crossed book goes on pricing', file: keeper, test },
    search: "    this.book.trust = 'crossed';",
    replace: '',
  },
  {
    ...{ number: 'C3', name: 'a cross is never waited out', file: keeper, test },
    search: 'const CROSSED_HOLD_MS = 250;',
    replace: 'const CROSSED_HOLD_MS = 0;',
  },
  {
    ...{ number: 'C4', name: 'an old snapshot and later changes are joined over the hole', file: keeper, test },
    search: 'if (this.#buffer.firstId > snapshotId + 1) {',
    replace: 'if (this.#buffer.firstId > Number.POSITIVE_INFINITY) {',
    also: [
      {
        file: 'src/venues/binance/sequence.ts',
        search: 'return frame.firstId > this.lastId + 1 ? Verdict.gap : Verdict.apply;',
        replace: 'return Verdict.apply;',
      },
    ],
  },
  {
    ...{ number: 'C5', name: 'a gap is noticed and nothing is done', file: keeper, test },
    search: 'const { firstId } = this.book.decoder.frame;\n    this.resync();',
    replace: 'const { firstId } = this.book.decoder.frame;',
  },
  {
    ...{ number: 'C7', name: 'a silent connection is kept for ever', file: 'src/venues/feedConnection.ts', test },
    search: 'if (quietMs >= DEAD_AFTER_QUIET_MS) {',
    replace: 'if (quietMs >= 1e9 * DEAD_AFTER_QUIET_MS) {',
  },
  {
    ...{ number: 'C8', name: 'a message may be a minute late', file: 'src/venues/spotBookFeed.ts', test: limitsTest },
    search: 'const LATE_MS = 1_000;',
    replace: 'const LATE_MS = 60_000;',
  },
  {
    ...{
      number: 'C10',
      name: 'an audit compares and nobody listens',
      file: 'src/venues/bookAudit.ts',
      test: limitsTest,
    },
    search: '    if (this.#wrongInARow < WRONG_TIMES) {',
    replace: '    if (this.#wrongInARow > 0) {',
  },
  {
    ...{
      number: 'D1',
      name: 'the venue’s time is read once, at the start',
      file: 'src/venues/cexAsk.ts',
      test: limitsTest,
    },
    search: 'if (skewCodes.has(judgement.code)) resyncTime();',
    replace: 'if (skewCodes.has(judgement.code)) hasHelped = false;',
  },
  {
    ...{ number: 'D2', name: 'a limit is read and not obeyed', file: 'src/venues/cexAsk.ts', test: gatewayTest },
    search: 'quietUntilMs = Math.max(quietUntilMs, untilMs);',
    replace: '',
  },
  {
    ...{ number: 'D3', name: 'a ban is kept in memory alone', file: 'src/workers/venueBans.ts', test: limitsTest },
    search: 'if (share !== undefined) writeBan(share.banDir, ban);',
    replace: '',
  },
  {
    ...{
      number: 'D4',
      name: 'each thread has a budget of its own',
      file: 'src/venues/rateBudget.ts',
      test: limitsTest,
    },
    search: 'this.#words = new BigInt64Array(shared);',
    replace: 'this.#words = new BigInt64Array(shared.slice(0));',
  },
  {
    ...{
      number: 'D5',
      name: 'each audit brings the next one nearer',
      file: 'src/venues/bookAudit.ts',
      test: limitsTest,
    },
    search: '      this.#wrongInARow = 0;\n      this.#later(AUDIT_EVERY_MS);\n      return;\n    }\n    this.failed',
    replace:
      '      this.#wrongInARow = 0;\n      this.#later(AUDIT_EVERY_MS / (1 + this.compared / 1_000));\n      return;\n    }\n    this.failed',
  },
  {
    ...{ number: 'D6', name: 'a plan may take everything', file: 'src/venues/ratePlan.ts', test: limitsTest },
    search: 'if (load.steady <= allowed && load.data <= dataAllowed) return [];',
    replace: 'if (load.steady <= limit) return [];',
  },
  {
    ...{ number: 'D7', name: 'a holiday is forgotten', file: usOpen, test: 'src/strategies/usOpenCalendar.test.ts' },
    search: 'lastMonday(year, 5), // Memorial Day',
    replace: '',
  },
  {
    ...{ number: 'D8', name: 'the session is told by the machine’s own clock', file: usOpen, test },
    search: "toZonedDateTimeISO('America/New_York')",
    replace: 'toZonedDateTimeISO(Temporal.Now.timeZoneId())',
  },
  {
    ...{ number: 'E1', name: 'a digit changes on the way', file: 'src/venues/ccxtTrade.ts', test: gatewayTest },
    search: '            intent.qty as unknown as number,\n',
    replace: '            Number(intent.qty) - 0.001,\n',
  },
  {
    ...{
      number: 'E2',
      name: 'what is off the grid is left to the library',
      file: 'src/venues/ccxtTrade.ts',
      test: gatewayTest,
    },
    search: 'if (Number(qty) !== Number(intent.qty)) return',
    replace: 'if (Number.isNaN(Number(qty))) return',
  },
  {
    ...{ number: 'E6', name: 'a venue’s smallest notional is not asked', file: 'src/strategies/arb/arbQuoteTerms.ts' },
    test: 'src/strategies/arb/arbQuoteTerms.test.ts',
    search: 'minNotional = Math.max(minNotional, rules.minNotional);',
    replace: '',
  },
];
