/**
 * INT 15h AH=89h, switch to protected mode: IBM PC AT Technical Reference, BIOS listing, "X_VIRTUAL". The caller's table
 * at ES:SI holds descriptors for GDT, IDT, DS, ES, SS and CS; the BIOS writes the first and one for its own code. The
 * caller goes on behind its INT with selectors 18h to 30h loaded and interrupts off; the ROM does the last steps.
 */
import { linear, type Guest } from './guest.ts';
import { ROM_SEGMENT } from './layout.ts';
import { stubOffset } from './rom.ts';
import { BIOS_CODE_SELECTOR } from './stubs.ts';

const GDT_BYTES = 0x40;
const GDT_ENTRY = 0x08;
const FAILED = 0xff;

const PIC = { MASTER: 0x20, SLAVE: 0xa0 } as const;
const ICW1_ICW4 = 0x11;
const ICW4_8086 = 0x01;

export function switchToProtectedMode(g: Guest): void {
  // Under a virtual-8086 monitor it is not the BIOS's to do.
  if (g.cpu.protectedMode) {
    g.ah = FAILED;
    g.setCarry(true);
    return;
  }
  const table = linear(g.cpu.es, g.si);
  writeDescriptor(g, table + GDT_ENTRY, table, GDT_BYTES - 1, 0x93);
  writeDescriptor(g, table + BIOS_CODE_SELECTOR, ROM_SEGMENT << 4, 0xffff, 0x9b);
  g.env.setA20(true);
  startPic(g, PIC.MASTER, g.bh, 1 << 2);
  startPic(g, PIC.SLAVE, g.bl, 2);
  g.cpu.setRealModeSegment('cs', ROM_SEGMENT);
  g.cpu.eip = stubOffset('protected_switch');
}

function writeDescriptor(g: Guest, at: number, base: number, limit: number, access: number): void {
  g.write16(at, limit);
  g.write16(at + 2, base & 0xffff);
  g.write8(at + 4, (base >> 16) & 0xff);
  g.write8(at + 5, access);
  g.write16(at + 6, 0);
}

/** Vectors from `base` on; every request is masked until the caller has handlers. */
function startPic(g: Guest, port: number, base: number, cascade: number): void {
  g.out8(port, ICW1_ICW4);
  for (const value of [base, cascade, ICW4_8086, 0xff]) g.out8(port + 1, value);
}
