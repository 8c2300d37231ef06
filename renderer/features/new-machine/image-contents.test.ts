import { expect, test } from 'vitest';
import { contentsOf } from './image-contents.ts';

function image(name: string, sizeBytes: number, parts: Readonly<Record<number, string>>): File {
  const bytes = new Uint8Array(sizeBytes);
  for (const [at, text] of Object.entries(parts))
    for (let i = 0; i < text.length; i++) bytes[Number(at) + i] = text.charCodeAt(i);
  return new File([bytes], name);
}
const TORITO = { 0x8001: 'CD001', 0x8807: 'EL TORITO SPECIFICATION' };

test.each([
  ['a CD, whatever it is called', image('live.img', 40_000, TORITO), 'cdrom', true],
  ['a CD of data', image('data.iso', 40_000, { 0x8001: 'CD001' }), 'cdrom', false],
  ['a CD that is none', image('page.iso', 40_000, { 0: '<html>' }), 'cdrom', false],
  ['a floppy', image('dos.img', 1440 * 1024, { 510: '\x55\xaa' }), 'floppy', true],
  ['a floppy of the time before signatures', image('old.img', 360 * 1024, { 0: '\xfa' }), 'floppy', true],
  ['an empty floppy', image('empty.img', 720 * 1024, {}), 'floppy', false],
  ['a disk', image('disk.img', 4096, { 510: '\x55\xaa' }), 'disk', true],
  ['a picture', image('holiday.jpg', 4096, { 0: '\xff\xd8' }), 'disk', false],
  ['nothing', image('nothing', 0, {}), 'disk', false],
  ['a qcow2, whose disk is not seen', image('disk.qcow2', 4096, { 0: 'QFI\xfb' }), 'disk', undefined],
  ['a fixed VHD, known by its end', image('disk.vhd', 4096, { 3584: 'conectix' }), 'disk', undefined],
])('%s', async (_, file, kind, boots) => {
  expect(await contentsOf(file)).toEqual({ kind, boots });
});
