import type { ExitReason } from '../../domain/exitReason.ts';
import type { SupervisorReport } from './supervisorEvents.ts';

export interface ReportLimits {
  /** Levels of nested details that are shown. */
  readonly depth: number;
  /** Characters of the whole line, at least 200. */
  readonly length: number;
}

const DEFAULT_LIMITS: ReportLimits = { depth: 3, length: 1000 };
/** Of an id, so that the names alone cannot use up the line. */
const NAME_LENGTH = 60;
const LEAST_LENGTH = 200;

/**
 * A supervisor's report as one line that always names supervisor, context, offender and the kind of reason, however
 * large the reason is: what is too deep becomes `…`, what is too long is cut.
 *
 * @source  Erlang/OTP supervisor:format_log/2 (single_line, depth, chars_limit)
 */
export function reportText(report: SupervisorReport, limits: Partial<ReportLimits> = {}): string {
  const { depth, length } = { ...DEFAULT_LIMITS, ...limits };
  const { supervisor, context, offender, reason } = report;
  const names = `supervisor=${nameText(supervisor)} context=${context} offender=${offenderText(offender)} reason=`;
  return names + cut(reasonText(reason, depth), Math.max(LEAST_LENGTH, length) - names.length);
}

function offenderText(offender: SupervisorReport['offender']): string {
  if (offender === null) return 'none';
  const { id, incarnation, restart, type, shutdownMs } = offender;
  return `${nameText(id)}#${incarnation} (${restart} ${type}, shutdown ${shutdownMs})`;
}

function reasonText(reason: SupervisorReport['reason'], depth: number): string {
  const { kind } = reason;
  if (kind !== 'crash') return kind;
  const { code, message, details } = (reason as Extract<ExitReason, { readonly kind: 'crash' }>).error;
  return `crash ${code} ${JSON.stringify(message)} ${valueText(details, depth)}`;
}

/** JSON without what is below `depth`. */
function valueText(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (depth <= 0) return '…';
  if (Array.isArray(value)) return `[${value.map((each) => valueText(each, depth - 1)).join(',')}]`;
  return `{${Object.entries(value)
    .map(([key, each]) => `${key}:${valueText(each, depth - 1)}`)
    .join(',')}}`;
}

const nameText = (id: string): string => cut(JSON.stringify(id).slice(1, -1), NAME_LENGTH);

/** JSON escapes what would break the line but these two, which some readers take for line ends. */
function cut(text: string, length: number): string {
  const line = text.replaceAll(/[\r\n\u0085\u2028\u2029]/g, ' ');
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}
