/** Display adapters. */
import { ManualClock, TimerQueue } from '../../core/bus/index.ts';
import {
  Vga,
  VGA_LFB,
  VGA_PORTS,
  VGA_PORTS_DISPI,
  VGA_PORTS_MONO,
  VGA_WINDOW,
  VGA_WINDOW_SIZE,
} from '../../core/devices/display/index.ts';
import type { ConformanceEntry, Subject } from './subject.ts';

const VRAM_SIZE = 0x40000;

function vga(): Subject {
  const clock = new ManualClock();
  const device = new Vga('vga', new Uint8Array(VRAM_SIZE), clock);
  return {
    device,
    clock,
    timers: new TimerQueue(clock),
    windows: [
      { range: VGA_PORTS_MONO, sizeBytes: 12, port: device, widths: [1, 2] },
      { range: VGA_PORTS, sizeBytes: 32, port: device, widths: [1, 2] },
      { range: VGA_PORTS_DISPI, sizeBytes: 4, port: device, widths: [1, 2] },
      { range: VGA_WINDOW, sizeBytes: VGA_WINDOW_SIZE, mmio: device },
      { range: VGA_LFB, sizeBytes: VRAM_SIZE, mmio: device },
    ],
    poke(random) {
      // What most programs set and chance hardly does: memory open, a colour adapter, all planes, or a VBE mode.
      const choice = random.below(4);
      if (choice === 0) device.ioWrite(VGA_PORTS, 2, 1, 0x67);
      else if (choice === 1) device.ioWrite(VGA_PORTS, 4, 2, 0x0f02);
      else if (choice === 2) device.ioWrite(VGA_PORTS_DISPI, 0, 2, random.below(11));
      else device.text();
    },
    outputs: () => JSON.stringify(device.directWindow()) ?? '',
  };
}

export const displayEntries: readonly ConformanceEntry[] = [{ name: 'vga', make: vga }];
