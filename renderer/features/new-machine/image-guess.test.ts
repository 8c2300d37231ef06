import { expect, test } from 'vitest';
import { guessKind, guessTemplate, nameFromFile } from './image-guess.ts';

test.each([
  ['debian-12.iso', 700e6, 'cdrom'],
  ['freedos.img', 1440 * 1024, 'floppy'],
  ['boot.flp', 12345, 'floppy'],
  ['disk.vdi', 5e9, 'disk'],
  ['disk.img', 64 * 2 ** 20, 'disk'],
])('%s of %d bytes is a %s', (name, sizeBytes, kind) => {
  expect(guessKind(name, sizeBytes)).toBe(kind);
});

test.each([
  ['freedos.img', 'dos'],
  ['kolibri.img', 'kolibrios'],
  ['WinXP_SP3.iso', 'windowsxp'],
  ['debian-12.5.0-i386-netinst.iso', 'debian'],
  ['ubuntu-24.04-desktop-amd64.iso', 'linux64'],
  ['OpenBSD-install75.iso', 'bsd'],
  ['Core-15.0.iso', 'linux'],
  ['something.img', 'other'],
])('%s speaks of %s', (name, template) => {
  expect(guessTemplate(name)).toBe(template);
});

test('a machine is called as its image, without what files need', () => {
  expect(nameFromFile('tinycore-15.0_x86.iso')).toBe('tinycore 15.0 x86');
});
