import { ARB_REASONS } from '../strategies/arb/arbStages.ts';
import { checkedCatalogue, type MetricDeclaration, THREAD_KINDS } from './metricDeclaration.ts';

/** Why a child was started anew. `restartReasonOf` maps error codes to these. */
export const RESTART_REASONS = ['crash', 'drill', 'lost', 'start_failed'] as const;

/** Why a mailbox let a message go. */
const DEAD_LETTER_REASONS = ['full', 'conflated', 'stopped', 'poison'] as const;

/** Every control verb of the operator's interface, whoever executes it. */
export const CONTROL_ACTIONS = [
  'status',
  'disable_live',
  'enable_live',
  'start',
  'stop',
  'restart',
  'suspend',
  'resume',
  'release',
  'drain',
  'flatten',
  'kill',
  'set_knob',
  'rollback_knob',
  'set_mode',
  'promote',
  'crash',
  'error-sim',
  'health-sim-recover',
  'trace',
  'snapshot',
  'getState',
] as const;
/** Verbs of that interface that this version refuses. */
export const REFUSED_ACTIONS: ReadonlySet<string> = new Set([
  'set_knob',
  'rollback_knob',
  'set_mode',
  'promote',
  'health-sim-recover',
]);
export type ControlAction = (typeof CONTROL_ACTIONS)[number];

/** The edge's paths as the metric names them. */
export const HTTP_ROUTES = [
  '/',
  '/metrics',
  '/healthz',
  '/readyz',
  '/control',
  '/am-webhook',
  '/emit',
  '/api/status',
  '/api/metrics/sanity',
  'other',
] as const;

const seconds = {
  commit: [0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5],
  hop: [0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.02, 0.1],
  pause: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5],
} as const;

const counter = { type: 'counter', merge: 'sum' } as const;
const gauge = { type: 'gauge', merge: 'max' } as const;
const histogram = { type: 'histogram', merge: 'sum' } as const;
const core = { owners: ['core'] } as const;
const lane = { owners: ['lane'] } as const;
const gateway = { owners: ['gateway'] } as const;
const journal = { owners: ['journal'] } as const;
const edge = { owners: ['edge'] } as const;
const everyThread = { owners: THREAD_KINDS } as const;
const bySymbol = { symbol: 'arbSymbols' } as const;
const byFeed = { venue: 'cexVenues', pair: 'pairs' } as const;

/** The one catalogue: what is not declared here cannot be counted. `docs/METRICS.md` is made from it. */
export const METRICS: readonly MetricDeclaration[] = checkedCatalogue([
  { name: 'arb_looks_total', ...counter, ...core, labels: bySymbol, help: 'Chances judged, counted when they begin.' },
  {
    name: 'arb_why_total',
    ...counter,
    ...core,
    labels: { ...bySymbol, stage: ARB_REASONS },
    help: 'Looks that ended without a trade, by the one reason.',
  },
  {
    name: 'arb_trades_total',
    ...counter,
    ...core,
    labels: bySymbol,
    help: 'Looks that ended as a trade: something filled.',
  },
  { name: 'arb_near_total', ...counter, ...core, labels: bySymbol, help: 'Near-episodes begun.' },
  { name: 'arb_auto_total', ...counter, ...core, labels: bySymbol, help: 'Near-episodes that reached auto.' },
  { name: 'arb_go_total', ...counter, ...core, labels: bySymbol, help: 'Near-episodes that reached go.' },
  {
    name: 'arb_ev_total',
    ...counter,
    ...core,
    labels: { ...bySymbol, part: ['spread', 'adverse', 'fees', 'slippage'], sign: ['gain', 'loss'] },
    help: 'Sum of the parts of closed trades in reportCcy; the net is gain less loss over all parts.',
  },
  {
    name: 'arb_need_delta_px',
    ...histogram,
    ...core,
    labels: bySymbol,
    buckets: [0, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
    help: 'Price still missing to the execution line at each look, in quote currency.',
  },
  {
    name: 'arb_control_actions_total',
    ...counter,
    ...edge,
    labels: { ...bySymbol, action: CONTROL_ACTIONS },
    help: 'Control actions received for this instance; an action without a target counts for each.',
  },
  {
    name: 'http_429_total',
    ...counter,
    owners: ['lane', 'gateway'],
    labels: { venue: 'venues' },
    help: 'Answers 429 (too many requests) of a venue.',
  },
  {
    name: 'guard_interval_ms',
    ...gauge,
    ...lane,
    labels: { venue: 'venues' },
    help: 'Present interval of the rate guard; 0 where the venue is not polled.',
  },

  {
    name: 'nightjar_epoch_info',
    ...gauge,
    ...edge,
    home: 'registry',
    labels: { run: [] },
    help: 'Always 1; the label names the run. Totals start anew with a run, never within one.',
  },
  {
    name: 'nightjar_build_info',
    ...gauge,
    ...edge,
    home: 'registry',
    labels: { version: [], code_hash: [], config_hash: [] },
    help: 'Always 1; the labels say what is running.',
  },
  {
    name: 'nightjar_thread_last_report_age_seconds',
    ...gauge,
    ...edge,
    home: 'registry',
    labels: { thread: 'thread' },
    help: 'Time since the thread last wrote its slab; NaN before its first report.',
  },
  {
    name: 'nightjar_permit_level',
    ...gauge,
    ...edge,
    home: 'registry',
    labels: { bot: 'bots' },
    help: 'The latch of this bot: 0 open, 1 permit closed, 2 killed.',
  },

  {
    name: 'nightjar_mailbox_depth',
    ...gauge,
    ...core,
    labels: { bot: 'bots', queue: ['control', 'order', 'timer', 'signal'] },
    help: 'Messages waiting in a bot’s mailbox.',
  },
  {
    name: 'nightjar_transitions_total',
    ...counter,
    ...core,
    labels: { machine: ['arb'] },
    help: 'Transitions of a chart.',
  },
  {
    name: 'nightjar_restarts_total',
    ...counter,
    ...core,
    labels: { child: 'children', reason: RESTART_REASONS },
    help: 'Restarts of a child of the supervision tree.',
  },
  {
    name: 'nightjar_dead_letters_total',
    ...counter,
    ...core,
    labels: { reason: DEAD_LETTER_REASONS },
    help: 'Messages that reached nobody.',
  },
  {
    name: 'nightjar_orders_total',
    ...counter,
    ...core,
    labels: { venue: 'venues', outcome: ['confirmed', 'rejected', 'unknown'] },
    help: 'Orders by the first answer that the core heard.',
  },
  {
    name: 'nightjar_thread_hop_seconds',
    ...histogram,
    ...core,
    labels: {},
    buckets: seconds.hop,
    help: 'Time from a lane’s signal to its handling in the core.',
  },
  {
    name: 'nightjar_ring_depth',
    ...gauge,
    ...core,
    labels: {},
    help: 'Records waiting in the ring from lane to core.',
  },
  { name: 'nightjar_ring_drops_total', ...counter, ...lane, labels: {}, help: 'Records that the full ring refused.' },

  { name: 'nightjar_feed_frames_total', ...counter, ...lane, labels: byFeed, help: 'Frames received.' },
  { name: 'nightjar_feed_gaps_total', ...counter, ...lane, labels: byFeed, help: 'Holes found in a book’s sequence.' },
  {
    name: 'nightjar_feed_resyncs_total',
    ...counter,
    ...lane,
    labels: byFeed,
    help: 'Books built anew from a snapshot.',
  },
  { name: 'nightjar_feed_crossed_total', ...counter, ...lane, labels: byFeed, help: 'Books found crossed.' },
  {
    name: 'nightjar_feed_bad_frames_total',
    ...counter,
    ...lane,
    labels: byFeed,
    help: 'Frames refused: not JSON, unknown, truncated.',
  },
  {
    name: 'nightjar_feed_late_total',
    ...counter,
    ...lane,
    labels: byFeed,
    help: 'Times that a book was paused because its messages came too late.',
  },
  {
    name: 'nightjar_feed_wrong_total',
    ...counter,
    ...lane,
    labels: byFeed,
    help: 'Books whose content an audit over REST found wrong though their sequence was right.',
  },
  {
    name: 'nightjar_feed_reconnects_total',
    ...counter,
    ...lane,
    labels: byFeed,
    help: 'Connections made after the first.',
  },
  {
    name: 'nightjar_book_age_seconds',
    ...gauge,
    ...lane,
    labels: byFeed,
    startsUnknown: true,
    help: 'Age of the book by the stale rule; NaN before its first frame.',
  },
  {
    name: 'nightjar_book_live',
    ...gauge,
    ...lane,
    labels: byFeed,
    help: '1 while the book may price anything, else 0 (syncing, stale, gap, crossed).',
  },
  {
    name: 'nightjar_quote_age_seconds',
    ...gauge,
    ...lane,
    labels: bySymbol,
    startsUnknown: true,
    help: 'Age of the newest DEX quote; NaN before the first.',
  },

  {
    name: 'nightjar_orders_sent_total',
    ...counter,
    ...gateway,
    labels: { venue: 'venues', outcome: ['confirmed', 'rejected', 'unknown', 'refused'] },
    help: 'Orders at the gateway; refused = held back by the latch, nothing was sent.',
  },
  {
    name: 'nightjar_orders_duplicate_total',
    ...counter,
    ...gateway,
    labels: { venue: 'venues' },
    help: 'Intents whose client order id had been taken before: dropped, nothing was sent.',
  },
  {
    name: 'nightjar_egress_refused_total',
    ...counter,
    ...gateway,
    labels: {},
    help: 'Attempts of the thread that holds the keys to reach anything but a venue: refused.',
  },
  {
    name: 'nightjar_journal_commit_seconds',
    ...histogram,
    ...journal,
    labels: {},
    buckets: seconds.commit,
    help: 'Duration of a group commit.',
  },
  { name: 'nightjar_journal_rows_total', ...counter, ...journal, labels: {}, help: 'Rows made durable.' },
  { name: 'nightjar_journal_failures_total', ...counter, ...journal, labels: {}, help: 'Commits that failed.' },

  {
    name: 'nightjar_http_requests_total',
    ...counter,
    ...edge,
    labels: { route: HTTP_ROUTES, status: ['2xx', '3xx', '4xx', '5xx'] },
    help: 'Requests answered by the edge.',
  },
  {
    name: 'nightjar_auth_failures_total',
    ...counter,
    ...edge,
    labels: { reason: ['host', 'origin', 'missing', 'wrong', 'role', 'throttled'] },
    help: 'Requests refused before they were read.',
  },
  {
    name: 'nightjar_alerts_total',
    ...counter,
    ...edge,
    labels: { result: ['closed', 'repeated', 'resolved', 'noted', 'unknown_bot', 'malformed', 'failed'] },
    help: 'Alerts that came by webhook.',
  },
  {
    name: 'nightjar_trace_failures_total',
    ...counter,
    ...edge,
    labels: { trace: ['latch', 'log', 'stdout', 'counter', 'journal'] },
    help: 'Traces of a permit action that could not be written; the permit is closed all the same.',
  },

  {
    name: 'nightjar_event_loop_delay_seconds',
    ...gauge,
    ...everyThread,
    labels: { thread: 'thread' },
    help: 'p99 of the event loop’s delay over the last second.',
  },
  {
    name: 'nightjar_gc_pause_seconds',
    ...histogram,
    ...everyThread,
    labels: { thread: 'thread' },
    buckets: seconds.pause,
    help: 'Pauses of the garbage collector.',
  },
  {
    name: 'mini_counter_total',
    ...counter,
    ...everyThread,
    labels: { thread: 'thread' },
    help: 'Counts the reports of a thread: proof that its slab reaches the scrape.',
  },
]);
