import { describe, expect, it } from 'vitest';
import { DecodeReport } from './decodeReport.ts';

const trade = '{"e":"trade","E":1,"s":"SOLUSDT","t":5,"p":"150.5","q":"2","T":9,"m":true}';

function say(lines: readonly string[], asJson = true) {
  const report = new DecodeReport('binance', asJson);
  const said = lines.map((line, i) => report.take(Buffer.from(line), i + 1));
  return { said, rows: said.map((row) => (row === null || !asJson ? null : JSON.parse(row))), report };
}

describe('nightjar decode', () => {
  it.each([
    ['a raw frame', trade, {}],
    ['a frame in a file row', JSON.stringify({ file: 'ws_trade.json', raw: trade }), { file: 'ws_trade.json' }],
    [
      'a pretty frame in a row',
      JSON.stringify({ venue: 'binance', raw: JSON.stringify(JSON.parse(trade), null, 2) }),
      {},
    ],
    ['a recorded line', `1723161256322000000 ${trade}`, {}],
    ['a line of a capture', `1626992741.06217: ${trade}`, {}],
  ])('finds the message in %s', (_, line, more) => {
    expect(say([line]).rows[0]).toMatchObject({ line: 1, kind: 'trade', px: 150.5, qty: 2, taker: 'sell', ...more });
  });

  it('says why a message is refused, and which venue code it is', () => {
    const { rows, report } = say([
      trade.slice(0, 30),
      '{"e":"brandNew"}',
      trade.replace('"p":"150.5"', '"p":"-1"'),
      '',
    ]);

    expect(rows[0]).toMatchObject({ kind: 'badFrame', code: 'venue.bad-frame' });
    expect(rows[1]).toMatchObject({ kind: 'unknownMessage', code: 'venue.unknown-message' });
    expect(rows[1].reason).toContain('brandNew');
    expect(rows[2].reason).toBe('p is "-1", not a decimal of at least 0');
    expect(rows[3]).toBeNull();
    expect(JSON.parse(report.summary())).toEqual({
      ...{ venue: 'binance', messages: 3, decoded: 0, refusals: 3 },
      kinds: { badFrame: 2, unknownMessage: 1 },
    });
  });

  it('reads each message as if it were the first: a fine one spoils nothing for those behind', () => {
    const depth = (px: string) => `{"e":"depthUpdate","E":1,"s":"B","U":1,"u":2,"b":[["${px}","1"]],"a":[]}`;
    expect(say([depth('0.00000000000001'), depth('61837.63')]).rows.map(({ kind }) => kind)).toEqual([
      'depth',
      'depth',
    ]);
  });

  it('prints a table of counts for reading', () => {
    const { said, report } = say([trade, trade], false);
    expect(said[0]).toContain('symbol SOLUSDT');
    expect(report.summary()).toMatch(/trade +2\n\nbinance: 2 messages, 2 decoded, 0 refused/);
  });
});
