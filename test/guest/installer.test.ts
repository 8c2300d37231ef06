/** Debian's i386 installer from a CD-ROM that isolinux starts, as somebody who installs Debian meets it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { debianInstaller, isolinuxDisc } from '../fixtures/boot-images.ts';
import { reportWithin } from './terrarium.ts';

const LIMIT_SECONDS = 1500;
const LIMIT_MS = (LIMIT_SECONDS + 60) * 1000;
const MEMORY_MIB = { text: 320, gtk: 512 } as const;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'terrarium-installer-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function disc(kind: 'text' | 'gtk', append: string): Promise<string> {
  const { linux, initrd } = await debianInstaller(kind);
  return await isolinuxDisc(folder, { linux, 'initrd.gz': initrd }, [
    'kernel /linux',
    `append initrd=/initrd.gz ${append} --- quiet`,
  ]);
}

test(
  'the text installer asks for the language, and keys alone lead to the network step',
  async () => {
    const cdrom = await disc('text', 'vga=normal fb=false nomodeset');

    const { screen } = await reportWithin(LIMIT_SECONDS, [
      ...['--cdrom', cdrom, '--memory', `${MEMORY_MIB.text}`, '--clock', 'virtual'],
      ...['--until', 'Select a language', '--key', 'enter'],
      ...['--until', 'Select your location', '--key', 'enter'],
      ...['--until', 'Configure the keyboard', '--key', 'enter'],
      ...['--until', 'No Ethernet card was detected'],
    ]);

    expect(screen.join('\n')).toMatch(/Detect network hardware/);
  },
  LIMIT_MS,
);
