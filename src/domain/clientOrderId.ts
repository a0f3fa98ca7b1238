import { NightjarError } from './errors.ts';

/** Every id of ours begins so; what does not is the operator's own and is never touched. */
export const CLIENT_ORDER_PREFIX = 'nj';

export interface ClientOrderIdParts {
  /** 8 lower-case letters and digits that stand for the run. */
  readonly runTag: string;
  readonly botSlot: number;
  readonly coreIncarnation: number;
  readonly botIncarnation: number;
  readonly sequence: number;
}

const WIDTHS = { botSlot: 2, coreIncarnation: 4, botIncarnation: 4, sequence: 6 } as const;
const TOTAL = 2 + 8 + 2 + 4 + 4 + 6;

/** 26 characters, `[a-z0-9]` only: within OKX's 32 letters and digits. @throws NightjarError order.invalid when a part overflows */
export function makeClientOrderId(parts: ClientOrderIdParts): string {
  if (!/^[a-z0-9]{8}$/.test(parts.runTag)) {
    throw new NightjarError('order.invalid', `run tag "${parts.runTag}" is not 8 lower-case letters and digits`);
  }
  let id = CLIENT_ORDER_PREFIX + parts.runTag;
  for (const key of Object.keys(WIDTHS) as (keyof typeof WIDTHS)[]) {
    const text = parts[key].toString(36).padStart(WIDTHS[key], '0');
    if (!Number.isInteger(parts[key]) || parts[key] < 0 || text.length > WIDTHS[key]) {
      throw new NightjarError('order.invalid', `${key} ${parts[key]} does not fit in ${WIDTHS[key]} base-36 digits`);
    }
    id += text;
  }
  return id;
}

/** The parts of one of our ids, or null for anybody else's. */
export function parseClientOrderId(id: string): ClientOrderIdParts | null {
  if (id.length !== TOTAL || !id.startsWith(CLIENT_ORDER_PREFIX) || !/^[a-z0-9]+$/.test(id)) return null;
  const digits = (from: number, width: number) => Number.parseInt(id.slice(from, from + width), 36);
  return {
    runTag: id.slice(2, 10),
    botSlot: digits(10, 2),
    coreIncarnation: digits(12, 4),
    botIncarnation: digits(16, 4),
    sequence: digits(20, 6),
  };
}
