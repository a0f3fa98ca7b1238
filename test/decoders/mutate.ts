import type { Random } from '../../src/domain/ports.ts';

/** Seeded damage to a real frame: what venues, proxies and attackers may do to it. All of it answers a text or bytes. */

const utf8 = new TextEncoder();

/** One to three mutations, then in one of eight cases a byte that may not even be UTF-8. */
export function mutated(frame: string, others: readonly string[], random: Random): Uint8Array {
  let text = frame;
  const rounds = 1 + random.int(3);
  for (let i = 0; i < rounds; i += 1) text = MUTATIONS[random.int(MUTATIONS.length)]!(text, random, others);
  const bytes = utf8.encode(text);
  if (bytes.length > 0 && random.int(8) === 0) bytes[random.int(bytes.length)] = random.int(256);
  return bytes;
}

type Mutation = (text: string, random: Random, others: readonly string[]) => string;

const pick = <T>(items: readonly T[], random: Random): T => items[random.int(items.length)]!;

const VALUES = [
  ...[
    'null',
    'true',
    'false',
    '0',
    '-0',
    '-1',
    '1',
    '1.5',
    '1e3',
    '1e400',
    '12345678901234567890',
    '""',
    '"0"',
    '"-1"',
  ],
  ...['"1e-7"', '"007.50"', '"1."', '".5"', '"0x10"', '"NaN"', '"1 "', '"123456789012345"', '"1234567890123456"', '[]'],
  ...['{}', '[[]]', '[["1","2"]]', '[["0.00000000000001","1"]]', '[["1","2","0","4"],["3","0"]]', '"Buy"', '"sell"'],
  ...[
    '"depthUpdate"',
    '"trade"',
    '"snapshot"',
    '"update"',
    '"delta"',
    '"A-B-SWAP"',
    '"books"',
    '"\\u0041"',
    '"ä"',
    '{"e":1}',
  ],
  '123456789.123456789',
];
const KEYS =
  'e E s S u U pu b a bids asks lastUpdateId symbol data stream p q T t m o i r event arg channel instId action ts px sz side seqId prevSeqId checksum tradeId topic type v code msg op success retCode id result __proto__'.split(
    ' ',
  );

/** A key with its colon, and a plain value, as places in the text. */
const places = (text: string, pattern: RegExp) => [...text.matchAll(pattern)];
const KEY = /"([A-Za-z_0-9]{1,16})":/g;
const SCALAR = /(?<=[:[,])("[^"\\]{0,40}"|-?\d+(\.\d+)?|true|false|null)(?=[,}\]])/g;

const replaceAt = (text: string, at: number, length: number, by: string) =>
  text.slice(0, at) + by + text.slice(at + length);

/** Replaces one of the matches, if there is one. */
function replaceOne(text: string, pattern: RegExp, random: Random, by: (match: RegExpMatchArray) => string): string {
  const found = places(text, pattern);
  if (found.length === 0) return text;
  const match = pick(found, random);
  return replaceAt(text, match.index!, match[0].length, by(match));
}

const nested = (random: Random) => {
  const depth = random.int(60) === 0 ? 20_000 : 1 + random.int(60);
  return random.int(2) === 0 ? '['.repeat(depth) + ']'.repeat(depth) : `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
};

const value = (random: Random) => (random.int(6) === 0 ? nested(random) : pick(VALUES, random));

const MUTATIONS: readonly Mutation[] = [
  // Truncated, or with a hole.
  (text, random) => text.slice(0, random.int(text.length + 1)),
  (text, random) => replaceAt(text, random.int(text.length + 1), 1 + random.int(12), ''),
  // One character changed, one put in.
  (text, random) => replaceAt(text, random.int(text.length + 1), 1, String.fromCharCode(32 + random.int(95))),
  (text, random) =>
    replaceAt(text, random.int(text.length + 1), 0, pick([' ', '\n', ',', '"', '\\', '0', '}', ']', '[', '{'], random)),
  // Another value, an unknown field, the same key twice, another key, a field gone.
  (text, random) => replaceOne(text, SCALAR, random, () => value(random)),
  (text, random) => replaceOne(text, KEY, random, (m) => `"${pick(KEYS, random)}x":${value(random)},${m[0]}`),
  (text, random) => replaceOne(text, KEY, random, (m) => `${m[0]}${value(random)},${m[0]}`),
  (text, random) => replaceOne(text, KEY, random, (m) => `"${pick(KEYS, random)}":${value(random)},${m[0]}`),
  (text, random) => replaceOne(text, KEY, random, () => `"${pick(KEYS, random)}":`),
  (text, random) => replaceOne(text, /"[^"\\]{1,16}":("[^"\\]*"|-?[\d.]+|true|false|null),/g, random, () => ''),
  (text, random) => replaceOne(text, KEY, random, (m) => `"${m[1]!.slice(1)}":`),
  // Numbers of other shapes.
  (text, random) => replaceOne(text, /\d+\.\d+/g, random, (m) => Number(m[0]).toExponential()),
  (text, random) =>
    replaceOne(text, /\d+(\.\d+)?/g, random, (m) => m[0].repeat(1 + random.int(4)).replace(/(\..*)\./, '$1')),
  (text, random) => replaceOne(text, /"(\d+(\.\d+)?)"/g, random, (m) => m[1]!),
  (text, random) => replaceOne(text, /(?<=[:[,])\d+(?=[,}\]])/g, random, (m) => `"${m[0]}"`),
  (text, random) => replaceOne(text, /\d/g, random, () => pick(['-', '.', 'e', '+', '00', ''], random)),
  // An escape that means the same, and one that means another.
  (text, random) =>
    replaceOne(text, /[A-Za-z]/g, random, (m) => `\\u${m[0].charCodeAt(0).toString(16).padStart(4, '0')}`),
  (text, random) => replaceOne(text, /[A-Za-z]/g, random, () => pick(['\\n', '\\u00e9', 'é', '€', '\\ud800'], random)),
  // Levels taken out, doubled, or made many.
  (text, random) =>
    replaceOne(text, /\["[\d.]+","[\d.]+"[^\]]*\]/g, random, (m) => Array(random.int(4)).fill(m[0]).join(',')),
  (text, random) =>
    replaceOne(text, /\["[\d.]+","[\d.]+"[^\]]*\]/g, random, (m) =>
      Array(random.int(12) === 0 ? 2_100 : 60)
        .fill(m[0])
        .join(','),
    ),
  // The same said in another order, in another layout, inside an envelope, glued to another frame.
  (text, random) => reordered(text, random),
  (text) => relaid(text),
  (text, random) => `{"stream":${pick(['"x@depth5"', '"x@trade"', '5', '"a@b@depth10"'], random)},"data":${text}}`,
  (text, random, others) => pick(others, random).slice(0, random.int(40)) + text.slice(random.int(40)),
  (text, random, others) => replaceOne(text, SCALAR, random, () => pick(others, random)),
];

function reordered(text: string, random: Random): string {
  return parsed(text, (message) => JSON.stringify(shuffled(message, random, 0)));
}

const relaid = (text: string) => parsed(text, (message) => JSON.stringify(message, null, 1));

function parsed(text: string, use: (message: unknown) => string): string {
  // Deeper than any stack: left as it is.
  if (text.includes('[[[[[[[[') || text.includes(':{"a":{"a":{"a":')) return text;
  try {
    return use(JSON.parse(text));
  } catch {
    return text;
  }
}

function shuffled(item: unknown, random: Random, depth: number): unknown {
  if (Array.isArray(item)) return item.map((inner) => shuffled(inner, random, depth + 1));
  if (typeof item !== 'object' || item === null) return item;
  const entries = Object.entries(item).map(([key, inner]) => ({ key, inner, at: random.next() }));
  entries.sort((a, b) => a.at - b.at);
  return Object.fromEntries(entries.map(({ key, inner }) => [key, shuffled(inner, random, depth + 1)]));
}
