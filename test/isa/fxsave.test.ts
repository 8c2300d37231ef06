/** FXSAVE and FXRSTOR. Intel SDM volume 1, 10.5 and table 10-2. */
import { describe, expect, it } from 'vitest';
import { createCpuUnderTest } from './connect.ts';

const CODE = 0x1000;
const AREA = 0x2000;
const FX_BYTES = 512;
const HLT = 0xf4;
const SELECTORS = { cs: 0x08, ss: 0x10, ds: 0x10, es: 0x10, fs: 0x10, gs: 0x10 };
const GENERAL_PROTECTION = 13;

const address = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
const fxsave = (at: number): number[] => [0x0f, 0xae, 0x05, ...address(at)];
const fxrstor = (at: number): number[] => [0x0f, 0xae, 0x0d, ...address(at)];
const FLDPI = [0xd9, 0xeb];
const FLD1 = [0xd9, 0xe8];
const FNINIT = [0xdb, 0xe3];

/** FNINIT's state, as FRSTOR takes it. */
function initialFpu(): Uint8Array {
  const image = new Uint8Array(108);
  const view = new DataView(image.buffer);
  view.setUint16(0, 0x037f, true);
  view.setUint16(8, 0xffff, true);
  return image;
}

function run(code: readonly number[], area = new Uint8Array(FX_BYTES).fill(0xee)) {
  const cpu = createCpuUnderTest();
  const memory = [
    { address: CODE, bytes: Uint8Array.from([...code, HLT]) },
    { address: AREA, bytes: area },
  ];
  cpu.setup('flat32', { ...SELECTORS, eip: CODE, esp: 0x4000 }, memory, initialFpu());
  const outcome = cpu.run(64);
  const saved = cpu.readMemory(AREA, FX_BYTES);
  return { outcome, fpu: cpu.fpu(), saved, view: new DataView(saved.buffer, saved.byteOffset) };
}

describe('FXSAVE', () => {
  it('stores registers by their place in the stack and tags by physical number', () => {
    const { view } = run([...FLD1, ...FLDPI, ...fxsave(AREA)]);

    expect(view.getUint16(0, true)).toBe(0x037f);
    expect(view.getUint16(2, true)).toBe(6 << 11);
    expect(view.getUint8(4)).toBe(0xc0);
    expect(view.getUint16(6, true)).toBe(0x1eb);
    expect(view.getUint32(8, true)).toBe(CODE + FLD1.length);
    expect(view.getBigUint64(32, true)).toBe(0xc90f_daa2_2168_c235n);
    expect(view.getUint16(40, true)).toBe(0x4000);
    expect(view.getBigUint64(48, true)).toBe(0x8000_0000_0000_0000n);
  });

  it('changes nothing in the FPU', () => {
    const { fpu } = run([...FLDPI, ...fxsave(AREA)]);

    expect(fpu).toEqual(run(FLDPI).fpu);
  });

  it('needs 16-byte alignment', () => {
    const { outcome, saved } = run(fxsave(AREA + 8));

    expect(outcome).toMatchObject({ stopped: 'exception', vector: GENERAL_PROTECTION, errorCode: 0 });
    expect(saved.every((byte) => byte === 0xee)).toBe(true);
  });

  it('leaves the bytes for software alone', () => {
    const { saved } = run(fxsave(AREA));

    expect(saved.subarray(464).every((byte) => byte === 0xee)).toBe(true);
  });
});

describe('FXRSTOR', () => {
  it('brings back what FXSAVE stored', () => {
    const { fpu } = run([...FLDPI, ...FLD1, ...fxsave(AREA), ...FNINIT, ...fxrstor(AREA)]);

    expect(fpu).toEqual(run([...FLDPI, ...FLD1]).fpu);
  });

  it('refuses reserved bits of MXCSR and then changes nothing', () => {
    const area = new Uint8Array(FX_BYTES);
    area[26] = 1;

    const { outcome, fpu } = run([...FLDPI, ...fxrstor(AREA)], area);

    expect(outcome).toMatchObject({ stopped: 'exception', vector: GENERAL_PROTECTION, errorCode: 0 });
    expect(fpu).toEqual(run(FLDPI).fpu);
  });
});
