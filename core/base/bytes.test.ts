import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from './bytes.ts';

test('values written across a growth of the buffer are read back', () => {
  const out = new ByteWriter();
  for (let i = 0; i < 300; i++) {
    out.u8(i & 0xff);
    out.u16(i);
    out.u32(i * 65537);
    out.u64(BigInt(i) << 33n);
    out.f64(i / 3);
    out.blob(new Uint8Array(i).fill(i));
  }

  const input = new ByteReader(out.finish());

  for (let i = 0; i < 300; i++) {
    expect([input.u8(), input.u16(), input.u32(), input.u64(), input.f64()]).toEqual([i & 0xff, i, i * 65537, BigInt(i) << 33n, i / 3]);
    expect(input.blob()).toEqual(new Uint8Array(i).fill(i));
  }
  expect(input.remaining).toBe(0);
});
