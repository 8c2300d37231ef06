import { expect, test } from 'vitest';
import { fileOf, filesOf, finish, startProgram } from './dos.ts';

/** What files.asm fills its buffer with. */
function pattern(length: number): Uint8Array {
  let value = 7;
  return Uint8Array.from({ length }, () => {
    const byte = value;
    value = (value + 13) & 0xff;
    value = ((value << 1) | (value >> 7)) & 0xff;
    return byte;
  });
}

test('a DOS program creates, writes, seeks, reads back, renames and deletes files, and mtools finds what it left', () => {
  const guest = startProgram('files');

  expect(finish(guest)).toEqual([
    'written 1388 at 0FA0 read 03E8 left 0000 end 1388',
    'deleted: error 0002 cluster 0400',
  ]);
  expect(filesOf(guest.floppy!)).toContain('KEPT.BIN');
  expect(filesOf(guest.floppy!)).not.toContain('DATA.BIN');
  const kept = fileOf(guest.floppy!, 'KEPT.BIN');
  expect(Buffer.from(kept.subarray(0, 5000)).equals(pattern(5000))).toBe(true);
  expect(Buffer.from(kept.subarray(5000)).toString()).toBe('tail');
});
