import { BDA, BDA_BASE } from './bda.ts';

/**
 * The key buffer in the BIOS data area, as any BIOS keeps it: a ring of words between 40:80 and 40:82 with one word unused,
 * read at 40:1A, written at 40:1C. IBM Personal System/2 and PC BIOS Interface Technical Reference, section 3.
 * Memory that holds no such ring has room without end.
 */
export function biosKeyBuffer(memory: { read(physAddr: number, width: 2): number }): { tail: number; room: number } {
  const word = (offset: number): number => memory.read(BDA_BASE + offset, 2);
  const [start, end] = [word(BDA.KEY_BUFFER_START), word(BDA.KEY_BUFFER_END)];
  const [head, tail] = [word(BDA.KEY_HEAD), word(BDA.KEY_TAIL)];
  const slots = (end - start) / 2;
  const within = (slot: number): boolean => slot >= start && slot < end && (slot - start) % 2 === 0;
  if (!Number.isInteger(slots) || !within(head) || !within(tail)) return { tail, room: Infinity };
  const used = (tail - head + (end - start)) % (end - start);
  return { tail, room: slots - 1 - used / 2 };
}
