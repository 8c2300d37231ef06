import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../base/index.ts';
import { create, defineState, describeState, loadState, resetState, saveState, type StateOf } from './define.ts';
import {
  ByteFifo,
  bool,
  bytes,
  f64,
  fifo,
  i32,
  oneOf,
  records,
  u16,
  u16s,
  u32,
  u32s,
  u64,
  u8,
  type Field,
} from './fields.ts';

const PART = defineState({
  name: 'part',
  version: 3,
  fields: {
    byte: u8({ reset: 0x5a, doc: 'a byte' }),
    word: u16(),
    dword: u32({ reset: 0xffffffff }),
    signed: i32({ reset: -5 }),
    qword: u64({ reset: 1n << 63n }),
    time: f64({ reset: 0.5 }),
    flag: bool({ reset: true }),
    mode: oneOf(['idle', 'read', 'write'], { reset: 'read' }),
    buffer: bytes(4, { reset: 0xff }),
    words: u16s(3, { reset: 0x1234 }),
    dwords: u32s(2),
    queue: fifo(3),
    channels: records(2, { count: u16({ reset: 7 }), latch: bytes(2), pending: fifo(2) }),
  },
});
type PartState = StateOf<typeof PART>;

/** A state that differs from the reset state in every field. */
function changed(): PartState {
  const state = create(PART);
  state.byte = 0xff;
  state.word = 0xfffe;
  state.dword = 0x80000001;
  state.signed = -0x80000000;
  state.qword = 0xfedc_ba98_7654_3210n;
  state.time = -1e300;
  state.flag = false;
  state.mode = 'write';
  state.buffer.set([1, 2, 3, 4]);
  state.words.set([0xffff, 0, 1]);
  state.dwords.set([0xffffffff, 2]);
  state.queue.push(9);
  state.queue.push(8);
  state.channels[1].count = 0xabcd;
  state.channels[1].latch.set([5, 6]);
  state.channels[0].pending.push(0x77);
  return state;
}

test('a created state has the declared reset values, or zeros', () => {
  const state = create(PART);

  expect(state).toMatchObject({
    byte: 0x5a,
    word: 0,
    dword: 0xffffffff,
    signed: -5,
    qword: 1n << 63n,
    time: 0.5,
    flag: true,
    mode: 'read',
    buffer: Uint8Array.of(0xff, 0xff, 0xff, 0xff),
    words: Uint16Array.of(0x1234, 0x1234, 0x1234),
    dwords: Uint32Array.of(0, 0),
  });
  expect(state.queue.size).toBe(0);
  expect(state.channels.map((c) => c.count)).toEqual([7, 7]);
});

test('two states of one declaration share nothing', () => {
  const one = create(PART);
  const other = create(PART);

  one.buffer[0] = 1;
  one.queue.push(1);
  one.channels[0].latch[0] = 1;

  expect(saveState(PART, other)).toEqual(saveState(PART, create(PART)));
});

test('reset restores every field and keeps the containers that others hold on to', () => {
  const state = changed();
  const { buffer, words, dwords, queue, channels } = state;
  const [first] = channels;

  resetState(PART, state);

  expect(saveState(PART, state)).toEqual(saveState(PART, create(PART)));
  expect(
    [state.buffer, state.words, state.dwords, state.queue, state.channels, state.channels[0]].map(
      (c, i) => c === [buffer, words, dwords, queue, channels, first][i],
    ),
  ).toEqual(new Array(6).fill(true));
});

test('a saved state loads into another with every field the same, and containers keep their identity', () => {
  const target = create(PART);
  const { buffer, queue, channels } = target;

  const loaded = loadState(PART, target, saveState(PART, changed()));

  expect(loaded.ok).toBe(true);
  expect(target).toEqual(changed());
  expect(target.queue.toArray()).toEqual([9, 8]);
  expect(target.channels[0].pending.toArray()).toEqual([0x77]);
  expect(target.buffer).toBe(buffer);
  expect(target.queue).toBe(queue);
  expect(target.channels).toBe(channels);
});

test('equal states save as equal bytes', () => {
  expect(saveState(PART, changed())).toEqual(saveState(PART, changed()));
});

test('the debug view has a line for each field, with its documentation', () => {
  const lines = describeState(PART, changed());

  expect(lines).toHaveLength(Object.keys(PART.fields).length);
  expect(lines[0]).toBe('byte = 0xff  (a byte)');
  expect(lines).toContain('signed = -2147483648');
  expect(lines).toContain('mode = write');
  expect(lines).toContain('buffer = 01 02 03 04');
  expect(lines).toContain('queue = 0x9 0x8');
  expect(lines.at(-1)).toBe('channels = 0: count=0x7 latch=00 00 pending=0x77\n1: count=0xabcd latch=05 06 pending=');
});

interface Entry {
  readonly name: string;
  readonly kind: string;
  readonly body: (out: ByteWriter) => void;
}

/** An image of a state as saveState lays it out, from parts that may be wrong. */
function image(name: string, version: number, entries: readonly Entry[], tail: readonly number[] = []): Uint8Array {
  const out = new ByteWriter();
  out.text(name);
  out.u16(version);
  out.u16(entries.length);
  for (const entry of entries) {
    out.text(entry.name);
    out.text(entry.kind);
    const body = new ByteWriter();
    entry.body(body);
    out.blob(body.finish());
  }
  out.raw(Uint8Array.from(tail));
  return out.finish();
}

describe('a state that cannot be loaded is an error that names part and field, and nothing changes', () => {
  const SMALL = defineState({
    name: 'small',
    version: 2,
    fields: { first: u8(), flag: bool(), time: f64(), mode: oneOf(['a', 'b']), queue: fifo(2), last: u16() },
  });
  const GOOD: Entry[] = [
    { name: 'first', kind: 'u8', body: (out) => out.u8(1) },
    { name: 'flag', kind: 'bool', body: (out) => out.u8(1) },
    { name: 'time', kind: 'f64', body: (out) => out.f64(1) },
    { name: 'mode', kind: 'enum', body: (out) => out.text('b') },
    { name: 'queue', kind: 'fifo[2]', body: (out) => out.blob(Uint8Array.of(1, 2)) },
    { name: 'last', kind: 'u16', body: (out) => out.u16(9) },
  ];
  const without = (name: string): Entry[] => GOOD.filter((entry) => entry.name !== name);
  const replaced = (name: string, change: Partial<Entry>): Entry[] =>
    GOOD.map((entry) => (entry.name === name ? { ...entry, ...change } : entry));
  const good = image('small', 2, GOOD);

  test('the image that the cases below start from is good', () => {
    const state = create(SMALL);

    expect(loadState(SMALL, state, good).ok).toBe(true);
    expect(state).toMatchObject({ first: 1, flag: true, time: 1, mode: 'b', last: 9 });
  });

  test.each<[what: string, data: Uint8Array, code: string, names: string]>([
    ['another part', image('other', 2, GOOD), 'state.name', 'small'],
    ['an older version', image('small', 1, GOOD), 'state.version', 'small'],
    ['a newer version', image('small', 3, GOOD), 'state.version', 'small'],
    [
      'a field that is not declared',
      image('small', 2, [...GOOD, { name: 'extra', kind: 'u8', body: (out) => out.u8(1) }]),
      'state.unknown-field',
      'small.extra',
    ],
    [
      'a field named like what every object has',
      image('small', 2, [...GOOD, { name: 'toString', kind: 'u8', body: (out) => out.u8(1) }]),
      'state.unknown-field',
      'small.toString',
    ],
    ['a missing field', image('small', 2, without('last')), 'state.missing-field', 'small.last'],
    ['a field of another kind', image('small', 2, replaced('last', { kind: 'u32' })), 'state.kind', 'small.last'],
    [
      'a truth value of 2',
      image('small', 2, replaced('flag', { body: (out) => out.u8(2) })),
      'state.value',
      'small.flag',
    ],
    [
      'a time that is no number',
      image('small', 2, replaced('time', { body: (out) => out.f64(NaN) })),
      'state.value',
      'small.time',
    ],
    [
      'an endless time',
      image('small', 2, replaced('time', { body: (out) => out.f64(Infinity) })),
      'state.value',
      'small.time',
    ],
    [
      'a name that is not in the list',
      image('small', 2, replaced('mode', { body: (out) => out.text('c') })),
      'state.value',
      'small.mode',
    ],
    [
      'a queue longer than its capacity',
      image('small', 2, replaced('queue', { body: (out) => out.blob(new Uint8Array(3)) })),
      'state.value',
      'small.queue',
    ],
    [
      'a field with too many bytes',
      image('small', 2, replaced('last', { body: (out) => out.u32(9) })),
      'state.value',
      'small.last',
    ],
    [
      'a field with too few bytes',
      image('small', 2, replaced('last', { body: (out) => out.u8(9) })),
      'state.truncated',
      'small.last',
    ],
    ['bytes behind the last field', image('small', 2, GOOD, [0]), 'state.value', 'small'],
    ['nothing at all', new Uint8Array(0), 'state.truncated', 'small'],
  ])('%s', (_what, data, code, names) => {
    const state = create(SMALL);
    const before = saveState(SMALL, state);

    const loaded = loadState(SMALL, state, data);

    expect(loaded).toMatchObject({ ok: false, error: { code, message: expect.stringContaining(names) as string } });
    expect(saveState(SMALL, state)).toEqual(before);
  });

  test('an image cut at any byte is an error and changes nothing', () => {
    const state = create(SMALL);
    const before = saveState(SMALL, state);

    for (let length = 0; length < good.length; length++) {
      expect(loadState(SMALL, state, good.subarray(0, length)).ok, `${length} bytes`).toBe(false);
    }

    expect(saveState(SMALL, state)).toEqual(before);
  });
});

test('a change of the number or the fields of records is a change of kind', () => {
  const kinds = [
    records(2, { a: u8() }),
    records(3, { a: u8() }),
    records(2, { a: u16() }),
    records(2, { b: u8() }),
  ].map((field: Field<unknown[]>) => field.kind);

  expect(new Set(kinds).size).toBe(kinds.length);
});

describe('a byte queue', () => {
  test('gives back what was put in, first in first out, in bytes', () => {
    const queue = new ByteFifo(3);

    queue.push(0x1ff);
    queue.push(2);

    expect(queue.peek()).toBe(0xff);
    expect([queue.shift(), queue.shift(), queue.shift()]).toEqual([0xff, 2, undefined]);
  });

  test('refuses more than its capacity and keeps what it has', () => {
    const queue = new ByteFifo(2);

    const taken = [queue.push(1), queue.push(2), queue.push(3)];

    expect(taken).toEqual([true, true, false]);
    expect(queue.full).toBe(true);
    expect(queue.toArray()).toEqual([1, 2]);
  });
});
