import type { CexVenue } from '../../domain/instruments.ts';

/** What of a frame the faults tell apart. */
export type SentKind = 'change' | 'snapshot' | 'trade' | 'reply';

/** Read off the simulator's own texts, whose field order is known. */
export function sentKind(venue: CexVenue, text: string): SentKind {
  switch (venue) {
    case 'binance':
      return text.includes('"e":"depthUpdate"') ? 'change' : text.includes('"e":"trade"') ? 'trade' : 'reply';
    case 'okx':
      if (!text.startsWith('{"arg"')) return 'reply';
      if (text.includes('"channel":"trades"')) return 'trade';
      return text.includes('"action":"update"')
        ? 'change'
        : text.includes('"action":"snapshot"')
          ? 'snapshot'
          : 'reply';
    case 'bybit':
      if (text.startsWith('{"topic":"publicTrade')) return 'trade';
      if (!text.startsWith('{"topic":"orderbook')) return 'reply';
      return text.includes('"type":"delta"') ? 'change' : 'snapshot';
  }
}

const TIMES: Readonly<Record<CexVenue, RegExp>> = {
  binance: /("(?:E|T)":)(\d+)/g,
  okx: /("ts":")(\d+)/g,
  bybit: /("(?:ts|cts|T)":)(\d+)/g,
};

/** Every time that the venue states, moved. */
export const shiftTimes = (venue: CexVenue, text: string, byMs: number): string =>
  text.replace(TIMES[venue], (_all, name: string, time: string) => `${name}${Number(time) + byMs}`);

/** A price half as high again as some price of the frame, in its decimals; null when the frame has no level. */
export function priceTooHigh(text: string): string | null {
  const price = /\["(\d+\.(\d+))"/.exec(text);
  return price === null ? null : (Number(price[1]) * 1.5).toFixed(price[2]!.length);
}

/** The frame with one more bid level in front; quantity 0 takes it away again. */
export function withBid(venue: CexVenue, text: string, price: string, qty: string): string {
  const level = venue === 'okx' ? `["${price}","${qty}","0","1"]` : `["${price}","${qty}"]`;
  return text.replace(venue === 'okx' ? /"bids":\[(\]?)/ : /"b":\[(\]?)/, (all, end: string) =>
    end === ']' ? `${all.slice(0, -1)}${level}]` : `${all}${level},`,
  );
}

/** Ids moved down by `by`, as after a restart of the venue's counter; -1 means "none before" and stays. */
export function moveIds(venue: CexVenue, text: string, by: number, previousBy: number): string {
  const minus = (id: string, amount: number) => (id === '-1' ? id : String(Number(id) - amount));
  if (venue === 'okx') {
    return text.replace(
      /"prevSeqId":(-?\d+),"seqId":(\d+)/,
      (_all, prev: string, id: string) => `"prevSeqId":${minus(prev, previousBy)},"seqId":${minus(id, by)}`,
    );
  }
  return text.replace(/"u":(\d+)/, (_all, id: string) => `"u":${minus(id, by)}`);
}

export const idOf = (venue: CexVenue, text: string): number =>
  Number((venue === 'okx' ? /"seqId":(\d+)/ : /"u":(\d+)/).exec(text)?.[1] ?? Number.NaN);

/** Name of the stream that a frame belongs to. */
export const topicOf = (venue: CexVenue, text: string): string =>
  (venue === 'okx' ? /"instId":"([^"]+)"/ : venue === 'bybit' ? /"topic":"([^"]+)"/ : /"s":"([^"]+)"/).exec(
    text,
  )?.[1] ?? '';

export function breakFrame(text: string, how: string): string {
  if (how === 'garbage') return '<html>502 Bad Gateway</html>';
  if (how === 'huge') return `{"pad":"${'x'.repeat(1_200_000)}",${text.slice(1)}`;
  return text.slice(0, Math.floor(text.length / 2));
}
