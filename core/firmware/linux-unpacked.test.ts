import { describe, expect, test } from 'vitest';
import type { Guest } from './guest.ts';
import { linuxPayload, placeUnpacked } from './linux-unpacked.ts';

const MIB = 1 << 20;
const LINKED = 16 * MIB;
const VIRTUAL = 0xc000_0000;

/** Header fields that matter here; the payload is the last `payload` bytes. */
function bzImage(payload: Uint8Array, change: (view: DataView) => void = () => {}): Uint8Array {
  const image = new Uint8Array(5 * 512 + 100 + payload.length);
  const view = new DataView(image.buffer);
  view.setUint8(0x1f1, 4);
  view.setUint32(0x202, 0x53726448, true);
  view.setUint16(0x206, 0x20f, true);
  view.setUint32(0x230, 2 * MIB, true);
  view.setUint8(0x234, 1);
  view.setUint32(0x248, 100, true);
  view.setUint32(0x24c, payload.length, true);
  view.setBigUint64(0x258, BigInt(LINKED), true);
  view.setUint32(0x260, 4 * MIB, true);
  image.set(payload, image.length - payload.length);
  change(view);
  return image;
}

/** An ELF file with one segment of 64 bytes whose words hold their own addresses, and relocations behind it. */
function kernel(relocations: readonly number[]): Uint8Array {
  const file = new Uint8Array(52 + 32 + 64 + 4 + 4 * relocations.length);
  const view = new DataView(file.buffer);
  view.setUint32(0, 0x464c457f, true);
  file.set([1, 1], 4);
  view.setUint16(18, 3, true);
  view.setUint32(24, LINKED + 4, true);
  view.setUint32(28, 52, true);
  view.setUint16(42, 32, true);
  view.setUint16(44, 1, true);
  [1, 84, VIRTUAL + LINKED, LINKED, 64, 4096].forEach((value, i) => view.setUint32(52 + 4 * i, value, true));
  for (let at = 0; at < 64; at += 4) view.setUint32(84 + at, VIRTUAL + LINKED + at, true);
  relocations.forEach((value, i) => view.setUint32(152 + 4 * i, value, true));
  return file;
}

function guest(random: number): { guest: Guest; word: (physAddr: number) => number } {
  const memory = new DataView(new ArrayBuffer(64 * MIB));
  const bytes = new Uint8Array(memory.buffer);
  const parts = {
    usableBytes: bytes.length,
    random: () => random,
    memory: {
      writeBytes: (physAddr: number, data: Uint8Array) => bytes.set(data, physAddr),
      read32: (physAddr: number) => memory.getUint32(physAddr, true),
      write32: (physAddr: number, value: number) => memory.setUint32(physAddr, value, true),
    },
  };
  return { guest: parts as unknown as Guest, word: (physAddr) => memory.getUint32(physAddr, true) };
}

const RELOCATIONS = [VIRTUAL + LINKED + 8, VIRTUAL + LINKED + 60];
const place = (random: number, unpacked: Uint8Array, commandLine = '', image = bzImage(new Uint8Array(4))) => {
  const { guest: g, word } = guest(random);
  return { placed: placeUnpacked(g, { image, commandLine }, unpacked, 40 * MIB), word };
};

describe('the payload of a bzImage', () => {
  const payload = Uint8Array.of(0x1f, 0x8b, 1, 2, 0, 1, 0, 0);

  test('is found with its unpacked size, which lies behind it', () => {
    expect(linuxPayload(bzImage(payload))).toEqual({ bytes: payload, unpackedBytes: 256 });
  });

  test('is left alone in old kernels, in those of 64 bits, and where it leaves the file or grows without bound', () => {
    const changes: readonly ((view: DataView) => void)[] = [
      (view) => view.setUint32(0x202, 0),
      (view) => view.setUint16(0x206, 0x209, true),
      (view) => view.setUint8(0x236, 1),
      (view) => view.setUint32(0x248, 101, true),
      (view) => view.setUint32(0x24c, 0xffff_ffff, true),
      (view) => view.setUint32(0x24c, 3, true),
      (view) => view.setUint8(view.byteLength - 1, 0x80),
    ];
    expect(changes.map((change) => linuxPayload(bzImage(payload, change)))).toEqual(changes.map(() => undefined));
    expect(linuxPayload(new Uint8Array(0x240))).toBeUndefined();
  });
});

describe('an unpacked kernel', () => {
  test('lies where it was linked when it is told to, or cannot be moved', () => {
    const fixed = bzImage(new Uint8Array(4), (view) => view.setUint8(0x234, 0));
    const placed = [
      place(0.99, kernel(RELOCATIONS), 'quiet nokaslr'),
      place(0.99, kernel(RELOCATIONS), 'mem=48M'),
      place(0.99, kernel([]), '', fixed),
    ];
    for (const { placed: result, word } of placed) {
      expect(result).toEqual({ ok: true, value: { entry: LINKED + 4, random: false } });
      expect(word(LINKED + 8)).toBe(VIRTUAL + LINKED + 8);
    }
  });

  test('lies anywhere between there and what lies above, with its addresses moved', () => {
    const { placed, word } = place(0.99, kernel(RELOCATIONS));
    const delta = 20 * MIB;
    expect(placed).toEqual({ ok: true, value: { entry: LINKED + delta + 4, random: true } });
    const words = [0, 8, 60].map((at) => word(LINKED + delta + at) - VIRTUAL - LINKED - at);
    expect(words).toEqual([0, delta, delta]);
    expect(word(LINKED + delta + 64)).toBe(0);
  });

  test('is refused when it does not fit, is none, or has relocations that are not its own', () => {
    const codeOf = (unpacked: Uint8Array, image?: Uint8Array): string => {
      const { placed } = place(0.5, unpacked, '', image);
      return placed.ok ? 'ok' : `${placed.error.code}: ${placed.error.message}`;
    };
    const large = bzImage(new Uint8Array(4), (view) => view.setUint32(0x260, 25 * MIB, true));
    expect(codeOf(kernel(RELOCATIONS), large)).toMatch(/^kernel\.memory/);
    expect(codeOf(new Uint8Array(100))).toMatch(/^kernel\.format/);
    expect(codeOf(kernel([VIRTUAL + LINKED + 61]))).toBe(
      'kernel.format: offset 98h: a relocation outside of the kernel',
    );
    expect(codeOf(kernel([1]))).toMatch(/outside of the kernel$/);
  });
});
