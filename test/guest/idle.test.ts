import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { machineConfigSchema } from '../../core/contract/index.ts';
import { forkLauncher } from '../../main/services/host-process.ts';
import { Supervisor } from '../../main/services/supervisor.ts';
import { assemble } from './dos.ts';
import { untilFileHas } from './terrarium.ts';

const ENTRY = path.resolve(import.meta.dirname, '../../main/vm-host/entry.ts');
/** USER_HZ: /proc counts processor time in hundredths of a second on every Linux. */
const TICKS_PER_SECOND = 100;
const MEASURED_MS = 2000;
/** Idling costs little for good, a busy host's noise (collecting garbage, frequent preemption) comes and goes. */
const MEASUREMENTS = 6;

let folder: string;
let supervisor: Supervisor;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'terrarium-idle-'));
  supervisor = new Supervisor({
    launcher: forkLauncher(ENTRY),
    onStatus: () => {},
    log: () => {},
    lockFolder: path.join(folder, 'locks'),
  });
});
afterEach(async () => {
  await supervisor.stopAll();
  supervisor.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** Processor time that a process has used, user and system, in seconds (proc_pid_stat(5), fields 14 and 15). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

test.runIf(process.platform === 'linux')(
  'a machine that waits for interrupts costs under 3 % of one core',
  async () => {
    const image = path.join(folder, 'idle.img');
    const serial = path.join(folder, 'serial.log');
    const floppy = new Uint8Array(1474560);
    floppy.set(assemble('idle'));
    writeFileSync(image, floppy);
    writeFileSync(serial, '');
    const config = machineConfigSchema.parse({
      id: crypto.randomUUID(),
      name: 'idle',
      createdAt: new Date().toISOString(),
      floppies: [{ path: image, writable: false }],
      serial: [{ mode: 'file', path: serial }],
    });
    expect(await supervisor.start(config)).toEqual({ ok: true, value: undefined });
    await untilFileHas(serial, 'idle');
    const pid = supervisor.pid(config.id)!;
    await delay(1000); // what the start left to do: collecting garbage, compiling

    const shares: number[] = [];
    for (let i = 0; i < MEASUREMENTS; i++) {
      const before = cpuSeconds(pid);
      const startMs = performance.now();
      await delay(MEASURED_MS);
      shares.push((cpuSeconds(pid) - before) / ((performance.now() - startMs) / 1000));
    }

    expect(supervisor.status(config.id).state).toBe('running');
    expect(shares.sort((a, b) => a - b)[MEASUREMENTS / 2], shares.join(' ')).toBeLessThan(0.03);
  },
);
