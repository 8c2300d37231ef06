/** The PCI interrupt routing table. Microsoft "PCI IRQ Routing Table Specification" 1.0; Intel 290550 (PIIX3: PIRQRC). */
import { LINK_IRQS } from './acpi/dsdt.ts';

const HEADER_BYTES = 32;
const SLOT_BYTES = 16;
/** Slots 1 to 8: those that the board has parts in, and some more. */
const SLOTS = [1, 2, 3, 4, 5, 6, 7, 8] as const;
const ROUTER_DEVFN = 0x08;
const ROUTER_ID = 0x70008086;
const PIRQRC = 0x60;

/** To be put on a boundary of 16 bytes in F0000h-FFFFFh. */
export function pciRoutingTable(): Uint8Array {
  const out = new Uint8Array(HEADER_BYTES + SLOTS.length * SLOT_BYTES);
  const view = new DataView(out.buffer);
  out.set(Array.from('$PIR', (c) => c.charCodeAt(0)));
  view.setUint16(4, 0x0100, true);
  view.setUint16(6, out.length, true);
  out[9] = ROUTER_DEVFN;
  view.setUint32(12, ROUTER_ID, true);
  const irqs = LINK_IRQS.reduce((bits, irq) => bits | (1 << irq), 0);
  SLOTS.forEach((slot, i) => {
    const at = HEADER_BYTES + i * SLOT_BYTES;
    out[at + 1] = slot << 3;
    for (let pin = 0; pin < 4; pin++) {
      out[at + 2 + pin * 3] = PIRQRC + ((pin + slot + 3) & 3);
      view.setUint16(at + 3 + pin * 3, irqs, true);
    }
  });
  out[31] = -out.reduce((sum, byte) => sum + byte, 0) & 0xff;
  return out;
}
