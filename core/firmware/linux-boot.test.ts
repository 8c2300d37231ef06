import { describe, expect, it } from 'vitest';
import type { KernelImage } from './env.ts';
import { checkLinuxKernel } from './linux-boot.ts';

/** A bzImage of two setup sectors and a page of kernel, with the header fields that loaders read. */
function bzImage(change: (view: DataView) => void = () => {}): KernelImage {
  const image = new Uint8Array(3 * 512 + 4096);
  const view = new DataView(image.buffer);
  view.setUint8(0x1f1, 2);
  view.setUint32(0x202, 0x53726448, true);
  view.setUint16(0x206, 0x20f, true);
  view.setUint8(0x211, 1);
  view.setUint32(0x22c, 0x7fffffff, true);
  change(view);
  return { image, commandLine: 'console=ttyS0' };
}

const codeOf = (kernel: KernelImage): string => {
  const checked = checkLinuxKernel(kernel);
  return checked.ok ? 'ok' : `${checked.error.code}: ${checked.error.message}`;
};

describe('the header of a Linux kernel', () => {
  it('tells the size of the setup code and how high the initrd may lie', () => {
    expect(checkLinuxKernel(bzImage())).toEqual({ ok: true, value: { setupBytes: 1536, initrdMax: 0x7fffffff } });
  });

  it('means four setup sectors when it says none, and the old bound when it is old', () => {
    const old = bzImage((view) => {
      view.setUint8(0x1f1, 0);
      view.setUint16(0x206, 0x202, true);
    });
    expect(checkLinuxKernel(old)).toEqual({ ok: true, value: { setupBytes: 2560, initrdMax: 0x37ffffff } });
  });

  it('is refused with the offset when it is not one', () => {
    expect(codeOf({ image: new Uint8Array(100), commandLine: '' })).toBe(
      'kernel.format: the kernel image has 100 bytes, less than a header',
    );
    expect(codeOf(bzImage((view) => view.setUint32(0x202, 0)))).toMatch(/^kernel\.format: offset 202h/);
    expect(codeOf(bzImage((view) => view.setUint16(0x206, 0x201, true)))).toMatch(/^kernel\.format: offset 206h/);
    expect(codeOf(bzImage((view) => view.setUint8(0x211, 0)))).toMatch(/^kernel\.format: offset 211h/);
    expect(codeOf(bzImage((view) => view.setUint8(0x1f1, 255)))).toMatch(/^kernel\.format: offset 1F1h/);
  });

  it('is refused with a command line that has no room', () => {
    expect(codeOf({ ...bzImage(), commandLine: 'x'.repeat(4096) })).toMatch(/^kernel\.format: a command line of 4096/);
  });
});
