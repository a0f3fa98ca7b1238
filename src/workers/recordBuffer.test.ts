import { expect, it } from 'vitest';
import { RecordBuffer } from './recordBuffer.ts';
import type { ToRecorder } from './recordMessages.ts';

const T = 1_767_616_200_123.25;

function startBuffer(capacity?: number) {
  const sent: ToRecorder[] = [];
  const buffer = new RecordBuffer((message) => sent.push(message), capacity);
  const chunks = () => sent.filter((message) => message.type === 'chunk');
  const text = () => chunks().map((chunk) => new TextDecoder().decode(chunk.buffer.slice(0, chunk.length)));
  return { buffer, sent, chunks, text };
}

const frame = (text: string) => new TextEncoder().encode(text);

it('writes one line per frame: nanoseconds, a blank, the bytes as they came', () => {
  const { buffer, text, chunks } = startBuffer();
  buffer.take(1, T, frame('{"a":1}'));
  buffer.take(1, T + 1, frame('{"b":2}'));
  buffer.flush();
  expect(text()).toEqual(['1767616200123250000 {"a":1}\n1767616200124250000 {"b":2}\n']);
  expect(chunks()[0]).toMatchObject({ connection: 1, frames: 2, firstMs: T, lastMs: T + 1 });
});

it('keeps a frame on its line when it has newlines of its own', () => {
  const { buffer, text } = startBuffer();
  buffer.take(1, T, frame('{\n"a":\n1}'));
  buffer.flush();
  expect(text()).toEqual(['1767616200123250000 { "a": 1}\n']);
});

it('loses frames rather than wait when the writer takes nothing, counts them, and goes on when it does', () => {
  const { buffer, sent, chunks } = startBuffer(128 * 1024);
  const large = frame('x'.repeat(60_000));
  for (let i = 0; i < 5; i += 1) buffer.take(1, T + i, large);
  buffer.take(2, T, frame('{}'));
  // Two chunks are with the writer: there is room for none beside.
  expect([buffer.frames, buffer.lostFrames]).toEqual([2, 4]);
  buffer.flush();
  expect(sent.filter(({ type }) => type === 'lost')).toEqual([
    { type: 'lost', connection: 1, frames: 3, bytes: 180_000 },
    { type: 'lost', connection: 2, frames: 1, bytes: 2 },
  ]);

  for (const chunk of chunks()) buffer.giveBack(chunk.buffer);
  buffer.take(1, T, large);
  expect([buffer.frames, buffer.lostFrames]).toEqual([3, 4]);
});

it('uses a buffer again that came back, and takes a frame larger than a buffer', () => {
  const { buffer, chunks } = startBuffer();
  buffer.take(1, T, frame('{}'));
  buffer.flush();
  const [first] = chunks();
  buffer.giveBack(first!.buffer);
  buffer.take(1, T, frame('[]'));
  buffer.take(1, T, frame('y'.repeat(100_000)));
  buffer.flush();
  expect(chunks()[1]!.buffer).toBe(first!.buffer);
  expect(chunks()[2]!.length).toBe(100_021);
});
