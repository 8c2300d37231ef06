import { expect, test } from 'vitest';
import { ByteReader, ByteWriter, TruncatedError } from './bytes.ts';

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
    expect([input.u8(), input.u16(), input.u32(), input.u64(), input.f64()]).toEqual([
      i & 0xff,
      i,
      i * 65537,
      BigInt(i) << 33n,
      i / 3,
    ]);
    expect(input.blob()).toEqual(new Uint8Array(i).fill(i));
  }
  expect(input.remaining).toBe(0);
});

test('text is read back, whatever its alphabet', () => {
  const out = new ByteWriter();
  out.text('Gerät 한국어');
  out.text('');

  const input = new ByteReader(out.finish());

  expect([input.text(), input.text()]).toEqual(['Gerät 한국어', '']);
});

test('values are little-endian', () => {
  const out = new ByteWriter();
  out.u16(0x1234);
  out.u32(0x89abcdef);

  expect(Array.from(out.finish())).toEqual([0x34, 0x12, 0xef, 0xcd, 0xab, 0x89]);
});

test('a stream that ends early says where', () => {
  const input = new ByteReader(Uint8Array.of(1, 2, 3, 4, 5, 6));
  input.u32();

  expect(() => input.u32()).toThrow(new TruncatedError(6));
  expect(input.u16()).toBe(0x0605);
});

test('a length beyond the end is not believed', () => {
  const input = new ByteReader(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0));

  expect(() => input.blob()).toThrow(TruncatedError);
});

test('a reader over part of a buffer sees that part alone', () => {
  const input = new ByteReader(Uint8Array.of(1, 2, 3, 4, 5, 6).subarray(2, 4));

  expect(input.u16()).toBe(0x0403);
  expect(input.remaining).toBe(0);
});
