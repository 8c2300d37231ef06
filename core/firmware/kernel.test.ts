import { describe, expect, it } from 'vitest';
import { checkKernel } from './kernel.ts';

/** A 32-bit ELF file with one segment at 2 MiB and a PVH note. */
function elf(change: (view: DataView) => void = () => {}): Uint8Array {
  const image = new Uint8Array(0x200);
  const view = new DataView(image.buffer);
  const words = (at: number, ...values: number[]): void =>
    values.forEach((value, i) => view.setUint32(at + i * 4, value, true));
  words(0, 0x464c457f, 0x00010101);
  words(16, 0x0003_0002, 1, 0x200100, 52, 0, 0);
  words(40, 0x0020_0034, 2);
  words(52, 1, 0, 0xc0200000, 0x200000, 0x180, 0x1000, 5, 4096);
  words(84, 4, 0x180, 0, 0, 20, 20, 4, 4);
  words(0x180, 4, 4, 18, 0x006e6558, 0x200123);
  change(view);
  return image;
}

/** A header that gives the addresses of a kernel of 4 KiB at 1 MiB. */
function multiboot(change: (view: DataView) => void = () => {}): Uint8Array {
  const image = new Uint8Array(4096);
  const view = new DataView(image.buffer);
  [0x1badb002, 0x10000, 0xe4514ffe, 0x100010, 0x100000, 0, 0x102000, 0x100040].forEach((value, i) =>
    view.setUint32(0x10 + i * 4, value, true),
  );
  change(view);
  return image;
}

const outcome = (image: Uint8Array): string => {
  const checked = checkKernel({ image, commandLine: '' });
  return checked.ok ? 'ok' : `${checked.error.code}: ${checked.error.message}`;
};

describe('a kernel file', () => {
  it('is taken as ELF with a PVH entry, or as Multiboot', () => {
    expect(checkKernel({ image: elf(), commandLine: '' })).toMatchObject({ value: { entry: 0x200123 } });
    expect(checkKernel({ image: multiboot(), commandLine: '' })).toMatchObject({
      value: { entry: 0x100040, segments: [{ physAddr: 0x100000, memoryBytes: 0x2000 }] },
    });
  });

  it('is refused with what is wrong in it', () => {
    expect(outcome(elf((view) => view.setUint32(0x188, 17, true)))).toMatch(
      /^kernel\.format: the ELF file has no PVH entry/,
    );
    expect(outcome(new Uint8Array(0x300))).toMatch(/^kernel\.format: offset 202h/);
    expect(outcome(multiboot((view) => view.setUint32(0x20, 0x200000, true)))).toMatch(/^kernel\.format: offset 1ch/);
    const wants = multiboot((view) => {
      view.setUint32(0x14, 0x10008, true);
      view.setUint32(0x18, -(0x1badb002 + 0x10008), true);
    });
    expect(outcome(wants)).toMatch(/flags 8h/);
  });

  it('never makes the check throw, whatever is in it', () => {
    let seed = 1;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    for (let i = 0; i < 3000; i++) {
      const image = i & 1 ? elf() : multiboot();
      for (let n = 0; n < 4; n++) image[random(i & 1 ? 0x200 : 0x40)] = random(256);
      expect(() => outcome(image.subarray(0, random(4) === 0 ? random(image.length) : image.length))).not.toThrow();
    }
  });
});
