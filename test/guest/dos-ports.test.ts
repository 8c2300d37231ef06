import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { assemble, dosFloppy, startProgram } from './dos.ts';
import { report } from './terrarium.ts';

test('a DOS program uses the serial port by INT 14h, registers and interrupts, the printer port and the speaker', () => {
  const guest = startProgram('ports');

  guest.runUntil(() => guest.debug === 'R');
  expect(guest.serial).toBe('by INT 14h\r\nby registers\r\n');
  guest.machine.serial[0].receive(new TextEncoder().encode('abCD.'));
  guest.runUntil(() => guest.debug === 'RP');

  expect(guest.serial.slice(-5)).toBe('ABcd.');
  expect(guest.rows.slice(0, 2)).toEqual(['FIFO 00C0', 'printed']);
  const swings = parseInt(/swings (\w{4})/.exec(guest.text)![1], 16);
  expect(swings).toBeGreaterThanOrEqual(58);
  expect(swings).toBeLessThanOrEqual(62);
  expect(guest.machine.describe()['port61'].join()).toMatch(/^control = 0x[37bf] /); // gate and data on
});

test('terrarium run --serial FILE keeps what the guest sent', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'terrarium-serial-'));
  try {
    const image = path.join(folder, 'floppy.img');
    const log = path.join(folder, 'serial.log');
    writeFileSync(image, dosFloppy({ 'PORTS.COM': assemble('ports'), 'AUTOEXEC.BAT': 'PORTS\r\n' }));

    await report('--floppy', image, '--serial', log, '--until', 'by registers');

    expect(readFileSync(log, 'latin1')).toBe('by INT 14h\r\nby registers\r\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
