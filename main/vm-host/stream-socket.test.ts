import { expect, test } from 'vitest';
import { MessageSplitter } from './stream-socket.ts';

test('messages come out whole, however their bytes arrive', () => {
  const messages = [[], [1], [2, 3, 4, 5, 6, 7], []];
  const sent = Uint8Array.from(messages.flatMap((message) => [message.length, 0, 0, 0, ...message]));
  for (let step = 1; step <= sent.length; step++) {
    const taken: number[][] = [];
    const splitter = new MessageSplitter(6);

    for (let at = 0; at < sent.length; at += step)
      splitter.push(sent.subarray(at, at + step), (message) => taken.push([...message]));

    expect(taken, `${step} bytes at a time`).toEqual(messages);
  }
});

test('a message that is too long is refused by its length', () => {
  expect(() => new MessageSplitter(6).push(Uint8Array.of(7, 0, 0, 0), () => {})).toThrow('7 bytes is too long');
});
