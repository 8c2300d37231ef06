/** virtio, fw_cfg and VMware's backdoor. */
import { ProbeLine, type Device, type DmaMemory } from '../../core/bus/index.ts';
import { FwCfg, FW_CFG_RANGE } from '../../core/devices/misc/fw-cfg.ts';
import { VmMouse } from '../../core/devices/misc/vmmouse.ts';
import { VirtioBalloon, VirtioRng, type VirtioPci } from '../../core/devices/virtio/index.ts';
import type { PciHost } from '../../core/devices/pci/index.ts';
import { pokeConfig, probeHost, ram, time } from './board.ts';
import type { ConformanceEntry, Random, Subject } from './subject.ts';

/** A queue at the bottom of the repeating RAM, with a ring of `descriptors` random descriptors. */
function offerBuffers(random: Random, transport: VirtioPci, bytes: Uint8Array, queue: number): void {
  const view = new DataView(bytes.buffer);
  transport.pci.configWrite(4, 2, 7);
  transport.ioWrite(0, 0x12, 1, 0);
  transport.ioWrite(0, 0x0e, 2, queue);
  transport.ioWrite(0, 0x08, 4, 1);
  transport.ioWrite(0, 0x12, 1, 7);
  const size = transport.ioRead(0, 0x0c, 2);
  const desc = 4096 % bytes.length;
  for (let i = 0; i < 4; i++) {
    view.setUint32(desc + i * 16, random.below(bytes.length), true);
    view.setUint32(desc + i * 16 + 4, 0, true);
    view.setUint32(desc + i * 16 + 8, random.below(64), true);
    view.setUint16(desc + i * 16 + 12, random.below(random.below(2) === 0 ? 4 : 8), true);
    view.setUint16(desc + i * 16 + 14, random.below(5), true);
  }
  view.setUint16(desc + size * 16 + 2, random.below(4), true);
  for (let i = 0; i < 4; i++) view.setUint16(desc + size * 16 + 4 + i * 2, random.below(5), true);
  transport.ioWrite(0, 0x10, 2, queue);
}

type VirtioPart = Device & { readonly transport: VirtioPci };

function virtio(make: (host: PciHost, memory: DmaMemory, note: (text: string) => void) => VirtioPart): Subject {
  const { host, mapped } = probeHost();
  const { memory, bytes, part } = ram();
  const line = new ProbeLine();
  let noted = '';
  const device = make(host, memory, (text) => (noted += text));
  const { transport } = device;
  transport.pci.connect(line);
  return {
    device,
    also: [part],
    ...time(),
    windows: [
      { range: 0, sizeBytes: 64, port: transport },
      { range: 0, sizeBytes: 0x38, mmio: transport },
      { range: 0, sizeBytes: 0x4000, mmio: transport },
    ],
    poke(random) {
      noted = '';
      const choice = random.below(4);
      if (choice === 0) pokeConfig(random, transport.pci);
      else if (choice === 1 && device instanceof VirtioBalloon) device.setTarget(random.below(5));
      else if (choice === 2)
        transport.mmioWrite(0, random.pick([0x14, 0x16, 0x18, 0x1c, 0x20, 0x24]), 4, random.below(128));
      else {
        bytes.fill(0);
        offerBuffers(random, transport, bytes, random.below(transport.queues.length));
      }
    },
    outputs() {
      const text = `${line.level} ${mapped()} ${noted}`;
      noted = '';
      return text;
    },
  };
}

function fwCfg(): Subject {
  const { memory } = ram();
  const device = new FwCfg('fw-cfg', memory, new Map([[0x03, Uint8Array.of(1, 2, 3, 4)]]), [
    { name: 'etc/test', data: Uint8Array.from({ length: 100 }, (_, i) => i) },
  ]);
  return {
    device,
    ...time(),
    windows: [{ range: FW_CFG_RANGE.SELECT, sizeBytes: 2, port: device }],
    poke(random) {
      device.ioWrite(FW_CFG_RANGE.SELECT, 0, 2, random.pick([0, 1, 3, 0x19, 0x20, random.below(0x10000)]));
    },
  };
}

/** The DMA interface apart: it writes into RAM that no state of the device holds. */
function fwCfgDma(): Subject {
  const scratch = new Uint8Array(16);
  const memory: DmaMemory = {
    dmaRead: (_at, target) => target.set(scratch.subarray(0, target.length)),
    dmaWrite: () => {},
  };
  const device = new FwCfg('fw-cfg', memory, new Map(), [{ name: 'etc/test', data: new Uint8Array(100) }]);
  return {
    device,
    ...time(),
    windows: [
      { range: FW_CFG_RANGE.SELECT, sizeBytes: 2, port: device },
      { range: FW_CFG_RANGE.DMA, sizeBytes: 8, port: device },
    ],
    poke(random) {
      scratch.set([0, 0x20, 0, random.below(32), random.below(8) === 0 ? 0xff : 0, 0, 0, random.below(256)]);
      device.ioWrite(FW_CFG_RANGE.DMA, 4, 4, random.u32());
    },
  };
}

function vmmouse(): Subject {
  const registers = { eax: 0x564d5868, ebx: 0, ecx: 0, edx: 0, esi: 0, edi: 0 };
  let seen = '';
  const device = new VmMouse('vmmouse', { registers: () => registers, memoryMiB: 64, wake: () => (seen += 'wake') });
  const commands = [0x45414552, 0x53424152, 0x4c455252, 0xf5, 1, 4, 7];
  return {
    device,
    ...time(),
    windows: [],
    poke(random) {
      seen = '';
      registers.eax = random.below(16) === 0 ? 0 : 0x564d5868;
      registers.ecx = random.pick([10, 20, 39, 39, 40, 41, 41, 99]);
      registers.ebx = random.pick(commands);
      if (random.below(2) === 0) device.pointer(random.below(70_000), random.below(70_000), random.below(8), 0);
      else {
        Object.assign(registers, { edx: 0, esi: 0, edi: 0 });
        seen += `${device.ioRead(0, 0, 4)} ${JSON.stringify(registers)}`;
      }
    },
    outputs() {
      const text = seen;
      seen = '';
      return text;
    },
  };
}

const rng = (host: PciHost, memory: DmaMemory): VirtioPart =>
  new VirtioRng('rng', host, memory, { fill: (target) => target.fill(0x5a) });
const balloon = (host: PciHost, memory: DmaMemory, note: (text: string) => void): VirtioPart =>
  new VirtioBalloon('balloon', host, memory, { given: (physAddr) => note(`${physAddr} `) });

export const paravirtualEntries: readonly ConformanceEntry[] = [
  { name: 'virtio-rng', make: () => virtio(rng), survivesReset: { queues: 'sizes are those of the device' } },
  { name: 'virtio-balloon', make: () => virtio(balloon), survivesReset: { queues: 'sizes are those of the device' } },
  { name: 'fw-cfg', make: fwCfg },
  { name: 'fw-cfg DMA', make: fwCfgDma, garbageCount: 20_000 },
  { name: 'vmmouse', make: vmmouse },
];
