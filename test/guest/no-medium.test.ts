import { expect, test } from 'vitest';
import { Guest, guestFloppy } from './guest.ts';

const MESSAGE = /^No bootable medium:$/m;

test('a machine without media says why nothing boots and what to do', () => {
  const guest = new Guest(undefined);

  guest.runUntil(MESSAGE);

  expect(guest.text).toMatch(
    /Floppy A: the drive is empty\.\n.*CD-ROM: the drive is empty\.\n.*Hard disk: none attached\./,
  );
  expect(guest.text).toContain('Insert or attach a bootable medium, then press any key to try again.');
});

test('a floppy that is not bootable is named, and after a change of the floppy a key starts it', async () => {
  const { MemoryBlock } = await import('../../core/formats/index.ts');
  const guest = new Guest(new Uint8Array(1474560));
  guest.runUntil(MESSAGE);
  expect(guest.text).toMatch(/Floppy A: [^\n]*(boot|system)/);

  guest.machine.floppies[0].insert(new MemoryBlock(guestFloppy('freedos.img')));
  guest.press('Space');

  guest.runUntil(/^A:\\>$/m);
});
