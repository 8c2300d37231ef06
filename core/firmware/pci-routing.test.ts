import { expect, test } from 'vitest';
import { pciRoutingTable } from './pci-routing.ts';

test('the PCI interrupt routing table sums to zero and sends pin n of slot s to PIRQ n + s - 1', () => {
  const table = pciRoutingTable();
  const view = new DataView(table.buffer);
  const links = (slot: number): number[] => [0, 1, 2, 3].map((pin) => table[32 + (slot - 1) * 16 + 2 + pin * 3]);

  expect(table.reduce((sum, byte) => (sum + byte) & 0xff, 0)).toBe(0);
  expect(view.getUint16(6, true)).toBe(table.length);
  expect([links(1), links(4)]).toEqual([
    [0x60, 0x61, 0x62, 0x63],
    [0x63, 0x60, 0x61, 0x62],
  ]);
  expect(view.getUint16(35, true)).toBe((1 << 5) | (1 << 10) | (1 << 11));
});
