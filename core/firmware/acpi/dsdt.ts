/**
 * The differentiated system description of the PIIX4 board: the PCI root bridge with its windows and interrupt routing,
 * PIRQ link devices, ISA parts, HPET, processors and the S5 package. ACPI 6.5, chapters 5 and 6.
 */
import {
  and,
  arg,
  createDWordField,
  device,
  eisaId,
  field,
  int,
  method,
  name,
  named,
  not,
  operationRegion,
  or,
  pack,
  processor,
  REGION,
  ret,
  scope,
  store,
  string,
  when,
  type Aml,
} from './aml.ts';
import {
  busNumbers,
  dma,
  io,
  irq,
  LINK_IRQ_OFFSET,
  linkInterrupts,
  memory32,
  memoryWindow,
  portWindow,
  resources,
} from './resources.ts';
import type { AcpiBoard } from './tables.ts';

const PCI_SLOTS = 32;
const PIRQRC = 0x60;
const PIRQRC_OFF = 0x80;
const LINKS = ['LNKA', 'LNKB', 'LNKC', 'LNKD'];
/** IRQs that the firmware and operating systems choose from for PCI. */
export const LINK_IRQS: readonly number[] = [5, 10, 11];

const STA_PRESENT = 0x0f;
const STA_NOT_SHOWN = 0x0b;
const STA_LINK_OFF = 0x09;

/** SLP_TYP of PIIX4 for S5. */
const S5_TYPE = 0;

/** The definition block without its table header. */
export function dsdtBody(board: AcpiBoard): Aml {
  return [
    ...named('\\PICF', int(0)),
    ...method('\\_PIC', 1, store(arg(0), name('\\PICF'))),
    ...named('\\_S5', pack([int(S5_TYPE), int(S5_TYPE), int(0), int(0)])),
    ...scope('\\_PR', ...Array.from({ length: board.cpuCount }, (_, n) => processor(`C${hex3(n)}`, n))),
    ...scope('\\_SB', rootBridge(board), ...LINKS.map((path, n) => linkDevice(path, n))),
  ];
}

const hex3 = (n: number): string => n.toString(16).toUpperCase().padStart(3, '0');

function rootBridge(board: AcpiBoard): Aml {
  const windows = resources(
    busNumbers(0, 0xff),
    io(0xcf8, 8),
    portWindow(0x0000, 0x0cf7),
    portWindow(0x0d00, 0xffff),
    memoryWindow(0xa0000, 0xbffff, true),
    memoryWindow(board.pciHole.base, board.pciHole.end - 1, false),
  );
  const parts = [isaBridge(board), configurationDevice()];
  if (board.hpet) parts.push(hpetDevice());
  return device(
    'PCI0',
    named('_HID', eisaId('PNP0A03')),
    named('_ADR', int(0)),
    named('_UID', int(0)),
    named('_CRS', windows),
    named('_PRT', routing()),
    ...parts,
  );
}

/** Pin n of slot s goes to PIRQ (n + s - 1) mod 4, with the 8259s as with the I/O APIC. */
function routing(): Aml {
  const entries: Aml[] = [];
  for (let slot = 0; slot < PCI_SLOTS; slot++)
    for (let pin = 0; pin < 4; pin++) {
      const link = LINKS[(pin + slot + 3) & 3];
      entries.push(pack([int(slot * 0x10000 + 0xffff), int(pin), name(`\\_SB.${link}`), int(0)]));
    }
  return pack(entries);
}

/** A PIRQ of the PIIX3: its routing register is PIRQRC n of the bridge at 00:01.0. */
function linkDevice(path: string, n: number): Aml {
  const register = name(`\\_SB.PCI0.ISA.PRQ${n}`);
  return device(
    path,
    named('_HID', eisaId('PNP0C0F')),
    named('_UID', int(n + 1)),
    named('_PRS', resources(linkInterrupts(...LINK_IRQS))),
    named('CUR', resources(linkInterrupts(0))),
    method('_STA', 0, when(and(register, int(PIRQRC_OFF)), ret(int(STA_LINK_OFF))), ret(int(STA_NOT_SHOWN))),
    method('_DIS', 0, or(register, int(PIRQRC_OFF), register)),
    method(
      '_CRS',
      0,
      createDWordField(name('CUR'), LINK_IRQ_OFFSET, 'NUM'),
      store(int(0), name('NUM')),
      // A register that is off names no interrupt.
      when(not(and(register, int(PIRQRC_OFF))), store(and(register, int(0x0f)), name('NUM'))),
      ret(name('CUR')),
    ),
    method('_SRS', 1, createDWordField(arg(0), LINK_IRQ_OFFSET, 'WANT'), store(name('WANT'), register)),
  );
}

function isaBridge(board: AcpiBoard): Aml {
  const parts: Aml[] = [
    isaDevice('PIC', 'PNP0000', io(0x20, 2), io(0xa0, 2), io(0x4d0, 2), irq(2)),
    isaDevice('DMAC', 'PNP0200', io(0x00, 0x10), io(0x81, 0x0f), io(0xc0, 0x20), dma(4)),
    isaDevice('TMR', 'PNP0100', io(0x40, 4), irq(0)),
    isaDevice('RTC', 'PNP0B00', io(0x70, 2), irq(8)),
    isaDevice('SPKR', 'PNP0800', io(0x61, 1)),
    isaDevice('FPU', 'PNP0C04', io(0xf0, 1), irq(13)),
    isaDevice('KBD', 'PNP0303', io(0x60, 1), io(0x64, 1), irq(1)),
    isaDevice('MOU', 'PNP0F13', irq(12)),
  ];
  if (board.floppy) parts.push(isaDevice('FDC', 'PNP0700', io(0x3f2, 4), io(0x3f7, 1), irq(6), dma(2)));
  if (board.parallel) parts.push(isaDevice('LPT', 'PNP0400', io(0x378, 8), irq(7)));
  const serial = [
    { base: 0x3f8, line: 4 },
    { base: 0x2f8, line: 3 },
    { base: 0x3e8, line: 4 },
    { base: 0x2e8, line: 3 },
  ].slice(0, board.serialPorts);
  serial.forEach(({ base, line }, n) =>
    parts.push(
      device(
        `COM${n + 1}`,
        named('_HID', eisaId('PNP0501')),
        named('_UID', int(n + 1)),
        named('_STA', int(STA_PRESENT)),
        named('_CRS', resources(io(base, 8), irq(line))),
      ),
    ),
  );
  return device(
    'ISA',
    named('_ADR', int(0x00010000)),
    operationRegion('PIRQ', REGION.PCI_CONFIG, PIRQRC, 4),
    field('PIRQ', ['PRQ0', 8], ['PRQ1', 8], ['PRQ2', 8], ['PRQ3', 8]),
    ...parts,
  );
}

const isaDevice = (path: string, id: string, ...descriptors: Aml[]): Aml =>
  device(path, named('_HID', eisaId(id)), named('_STA', int(STA_PRESENT)), named('_CRS', resources(...descriptors)));

/** QEMU's firmware configuration ports, by which Linux finds them. QEMU docs/specs/fw_cfg. */
const configurationDevice = (): Aml =>
  device(
    'FWCF',
    named('_HID', string('QEMU0002')),
    named('_STA', int(STA_NOT_SHOWN)),
    named('_CRS', resources(io(0x510, 0x0c))),
  );

const hpetDevice = (): Aml =>
  device(
    'HPET',
    named('_HID', eisaId('PNP0103')),
    named('_UID', int(0)),
    named('_STA', int(STA_PRESENT)),
    named('_CRS', resources(memory32(0xfed00000, 0x400))),
  );
