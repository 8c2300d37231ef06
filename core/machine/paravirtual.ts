/** What a guest uses that knows it runs on a virtual machine: fw_cfg, virtio parts, VMware's absolute pointer. */
import type { PointerInput } from '../backends/index.ts';
import { uuidBytes } from '../base/index.ts';
import { FW_CFG_ITEM, FwCfg, type FwCfgFile } from '../devices/misc/fw-cfg.ts';
import { VmMouse } from '../devices/misc/vmmouse.ts';
import type { Ps2MouseDevice } from '../devices/input/index.ts';
import { devfn, type PciBus, type PciHost } from '../devices/pci/index.ts';
import { BALLOON_PAGE_BYTES, VirtioBalloon, VirtioRng } from '../devices/virtio/index.ts';
import { addressMap } from '../firmware/index.ts';
import { BoardPointer } from './board-pointer.ts';
import type { BoardParts } from './board-parts.ts';
import { FirmwareCpu } from './bios-host.ts';
import { MIB } from './memory-map.ts';

const BACKDOOR_PORT = 0x5658;
/** Slot 3 is left to the first network card, as on QEMU's board. */
const SLOT = { RNG: 4, BALLOON: 5 } as const;

export interface ParavirtualWires {
  readonly host: PciHost;
  readonly pci: PciBus;
  readonly mouse: Ps2MouseDevice;
  /** The size of the picture, by which relative motion is scaled while the guest takes absolute positions alone. */
  readonly screen: () => { readonly width: number; readonly height: number };
}

/** Returns where the person's pointer goes. */
export function addParavirtual(parts: BoardParts, { host, pci, mouse, screen }: ParavirtualWires): PointerInput {
  const { config, memory, io, cpu } = parts;
  const { physical } = memory;
  const fwCfg = parts.add(new FwCfg('fw-cfg', physical, fwCfgItems(parts), fwCfgFiles(parts)));
  fwCfg.mapPorts(io);
  if (config.paravirtual ?? true) addVirtio(parts, host, pci);
  if (config.pointer === 'ps2') return new BoardPointer(mouse, undefined, screen);
  const registers = new FirmwareCpu(cpu);
  const vmMouse = parts.add(
    new VmMouse('vmmouse', {
      registers: () => registers,
      memoryMiB: config.memoryMiB,
      wake: () => mouse.requestReport(),
    }),
  );
  io.map({ base: BACKDOOR_PORT, size: 4, device: vmMouse, maxWidth: 4 });
  return new BoardPointer(mouse, vmMouse, screen);
}

function addVirtio(parts: BoardParts, host: PciHost, pci: PciBus): void {
  const { config, backends } = parts;
  const { physical, ram } = parts.memory;
  const rng = parts.add(new VirtioRng('virtio-rng', host, physical, backends.entropy));
  pci.add(devfn(SLOT.RNG, 0), rng.pci);
  // A page full of zeros costs nothing in an image of the machine; the host gets nothing back while it runs.
  const zeros = new Uint8Array(BALLOON_PAGE_BYTES);
  const balloon = parts.add(
    new VirtioBalloon('virtio-balloon', host, physical, {
      targetPages: ((config.balloonMiB ?? 0) * MIB) / BALLOON_PAGE_BYTES,
      given: (physAddr) => {
        if (physAddr + zeros.length <= ram.length) physical.dmaWrite(physAddr, zeros);
      },
    }),
  );
  pci.add(devfn(SLOT.BALLOON, 0), balloon.pci);
}

const littleEndian = (bytes: number, value: number): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, i) => Math.floor(value / 2 ** (8 * i)) & 0xff);

function fwCfgItems({ memory, config }: BoardParts): ReadonlyMap<number, Uint8Array> {
  return new Map([
    [FW_CFG_ITEM.UUID, uuidBytes(config.uuid)],
    [FW_CFG_ITEM.RAM_SIZE, littleEndian(8, memory.ram.length)],
    [FW_CFG_ITEM.NOGRAPHIC, littleEndian(2, 0)],
    [FW_CFG_ITEM.NB_CPUS, littleEndian(2, 1)],
    [FW_CFG_ITEM.MAX_CPUS, littleEndian(2, 1)],
    [FW_CFG_ITEM.BOOT_MENU, littleEndian(2, config.bootMenu === 'always' || config.bootMenu === 'key' ? 1 : 0)],
    [FW_CFG_ITEM.IRQ0_OVERRIDE, Uint8Array.of(1)],
  ]);
}

/** Memory as a firmware should report it: entries of base, length (64 bits each) and type. */
function fwCfgFiles({ memory }: BoardParts): readonly FwCfgFile[] {
  const RAM = 1;
  const ram = addressMap(memory.ram.length).filter(({ base, type }) => type === RAM && base >= 0x100000);
  const regions = [{ base: 0, length: Math.min(memory.ram.length, 0xa0000), type: RAM }, ...ram];
  const e820 = regions.flatMap(({ base, length, type }) => [
    ...littleEndian(8, base),
    ...littleEndian(8, length),
    ...littleEndian(4, type),
  ]);
  return [{ name: 'etc/e820', data: Uint8Array.from(e820) }];
}
