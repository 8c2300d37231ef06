/**
 * A process that runs Terrarium until a desktop is there: its one argument is DesktopRun as JSON, its answer "desktop".
 * The command line waits for text only.
 */
import { ActivityMeter } from '../../../main/vm-host/activity.ts';
import { buildMachine } from '../../../main/vm-host/build.ts';
import { HostClock } from '../../../main/vm-host/clocks.ts';
import { pcFactory } from '../../../main/vm-host/pc-factory.ts';
import { MachineRunner } from '../../../main/vm-host/runner.ts';
import { hardwareSchema } from '../../../core/contract/machine.ts';
import { PICTURE_POLL_MS, shows, type DesktopRun } from './picture.ts';

const { image, memoryMiB, menu, until } = JSON.parse(process.argv[2] ?? '{}') as DesktopRun;
const menuText = new RegExp(menu);
const hostClock = new HostClock();
const built = await buildMachine(
  hardwareSchema.parse({
    memoryMiB,
    floppies: [{ path: image, writable: false }],
    serial: [{ mode: 'none' }],
    bootMenu: 'off',
  }),
  {
    factory: pcFactory,
    hostClock,
    meter: new ActivityMeter(),
    mustBoot: true,
    log: () => {},
    openSerial: () => ({ ok: true, value: [] }),
  },
);
if (!built.ok) throw new Error(built.error.message);
const { machine } = built.value;

let answered = false;
const look = (): void => {
  if (!answered) {
    answered = menuText.test((machine.display.text() ?? []).join('\n'));
    if (answered) machine.typist.type('\n');
    if (answered) runner.wake();
    return;
  }
  machine.display.refresh();
  const { width, height, pixels: bytes } = machine.display.frame;
  if (!shows({ width, height, bytesPerPixel: 4, bytes }, until)) return;
  process.stdout.write('desktop\n');
  process.exit();
};
const runner = new MachineRunner(machine, {
  hostClock,
  virtualClock: false,
  afterSlice: () => {},
  onStopped: (reason) => {
    throw new Error(`the machine stopped: ${reason}`);
  },
  onError: (error) => {
    throw error;
  },
});
setInterval(look, PICTURE_POLL_MS);
runner.start();
