import { describe, expect, test } from 'vitest';
import { bool, bytes, create, defineState, u32 } from '../state/index.ts';
import { loadMachine, saveMachine, type SavedPart } from './image.ts';

const PAGE = 4096;
const PAGES = 256; // 1 MiB

const TIMER = defineState({ name: 'timer', version: 1, fields: { count: u32(), running: bool() } });
const BUFFER = defineState({ name: 'buffer', version: 2, fields: { data: bytes(8) } });

function board(pages = PAGES) {
  const timer = create(TIMER);
  const buffer = create(BUFFER);
  const calls: string[] = [];
  const parts: SavedPart[] = [
    { id: 'timer0', spec: TIMER, state: timer, preSave: () => calls.push('save'), postLoad: () => calls.push('load') },
    { id: 'buffer0', spec: BUFFER, state: buffer },
  ];
  return { timer, buffer, calls, parts, ram: new Uint8Array(pages * PAGE) };
}
type Board = ReturnType<typeof board>;

function used(): Board {
  const b = board();
  b.timer.count = 0xfedcba98;
  b.timer.running = true;
  b.buffer.data.set([1, 2, 3]);
  b.ram[5 * PAGE] = 0x55;
  b.ram[PAGES * PAGE - 1] = 0xaa;
  return b;
}
const save = (b: Board): Uint8Array => saveMachine(b.parts, b.ram);

describe('a machine image', () => {
  test('restores every part and all of memory', () => {
    const target = board();
    target.ram.fill(0xee, 8 * PAGE, 16 * PAGE);

    const loaded = loadMachine(target.parts, target.ram, save(used()));

    expect(loaded.ok).toBe(true);
    expect(target.timer).toEqual(used().timer);
    expect(target.buffer).toEqual(used().buffer);
    expect(Buffer.compare(target.ram, used().ram)).toBe(0);
  });

  test('lets each part fold its state before saving, and rebuild after all are loaded', () => {
    const source = used();
    const target = board();

    loadMachine(target.parts, target.ram, save(source));

    expect(source.calls).toEqual(['save']);
    expect(target.calls).toEqual(['load']);
  });

  test('is the same for equal machines, and holds no pages that are all zeros', () => {
    expect(save(used())).toEqual(save(used()));
    expect(save(used()).length).toBeLessThan(3 * PAGE);
  });
});

describe('an image that cannot be loaded leaves the machine as it was', () => {
  const good = save(used());
  /** Where the pages begin. */
  const pagesAt = good.length - 2 * (4 + PAGE);

  const patched = (change: (view: DataView) => void): Uint8Array => {
    const copy = good.slice();
    change(new DataView(copy.buffer));
    return copy;
  };
  const other = (parts: readonly SavedPart[]): Uint8Array => saveMachine(parts, new Uint8Array(PAGES * PAGE));
  const small = board();
  const NEWER = defineState({ name: 'timer', version: 2, fields: { count: u32(), running: bool() } });

  test.each<[what: string, image: Uint8Array, code: string, names: string]>([
    ['another kind of file', patched((v) => v.setUint8(0, 0)), 'image.format', 'not a machine image'],
    ['another version', patched((v) => v.setUint16(4, 99, true)), 'image.format', 'version'],
    ['a machine of another memory size', save(board(2 * PAGES)), 'image.memory', '2 MiB'],
    ['a machine without one of the parts', other(small.parts.slice(1)), 'image.part', 'timer0'],
    [
      'a machine with a part more',
      other([...small.parts, { id: 'extra9', spec: BUFFER, state: create(BUFFER) }]),
      'image.part',
      'extra9',
    ],
    [
      'a part of another version, after parts that loaded',
      other([small.parts[1], { id: 'timer0', spec: NEWER, state: create(NEWER) }]),
      'state.version',
      'timer',
    ],
    ['a page beyond memory', patched((v) => v.setUint32(pagesAt, PAGES, true)), 'image.format', `page ${PAGES}`],
    ['pages out of order', patched((v) => v.setUint32(pagesAt + 4 + PAGE, 5, true)), 'image.format', 'page 5'],
    ['half a page', good.subarray(0, good.length - 1), 'image.truncated', `${good.length - 1}`],
    ['a header alone', good.subarray(0, 8), 'image.truncated', '8'],
    ['nothing', new Uint8Array(0), 'image.truncated', '0'],
  ])('%s', (_what, image, code, names) => {
    const target = board();
    target.timer.count = 7;
    target.buffer.data.fill(7);
    target.ram[9 * PAGE] = 7;
    const before = save(target);
    target.calls.length = 0;

    const loaded = loadMachine(target.parts, target.ram, image);

    expect(loaded).toMatchObject({ ok: false, error: { code, message: expect.stringContaining(names) as string } });
    expect(target.calls).toEqual([]);
    expect(save(target)).toEqual(before);
  });

  test('an image cut anywhere in its parts', () => {
    const target = board();
    const before = save(target);

    for (let length = 0; length < pagesAt; length++)
      expect(loadMachine(target.parts, target.ram, good.subarray(0, length)).ok, `${length} bytes`).toBe(false);

    expect(save(target)).toEqual(before);
  });
});

test('an image without pages is a machine whose memory is empty', () => {
  const target = used();

  const loaded = loadMachine(target.parts, target.ram, save(board()));

  expect(loaded.ok).toBe(true);
  expect(target.ram.every((byte) => byte === 0)).toBe(true);
});
