import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { BlockIoError } from '../../core/backends/index.ts';
import { MemoryFile, openIso, type IsoEntry, type IsoVolume } from '../../core/formats/index.ts';
import { imageFixture } from '../fixtures/disk-images.ts';
import { Dice, must, scratchFolder } from './support.ts';

const folder = scratchFolder();
afterAll(() => folder.dispose());

function disc(name: string, ...options: string[]): Uint8Array {
  const tree = folder.file(`${name}-tree`);
  mkdirSync(`${tree}/a folder/deeper`, { recursive: true });
  writeFileSync(`${tree}/Read me first, please.text`, 'hello, disc');
  writeFileSync(`${tree}/a folder/deeper/${'long '.repeat(20)}한국어.bin`, new Uint8Array(5000).fill(7));
  writeFileSync(`${tree}/boot.img`, new Uint8Array(4096).fill(0x90));
  const path = folder.file(`${name}.iso`);
  execFileSync('xorriso', ['-as', 'mkisofs', '-quiet', '-V', 'TEST_DISC', ...options, '-o', path, tree], {
    stdio: 'ignore',
  });
  return readFileSync(path);
}

const openBytes = (bytes: Uint8Array): IsoVolume => must(openIso(new MemoryFile('disc.iso', bytes)));

function allOf(volume: IsoVolume): Map<string, IsoEntry> {
  const found = new Map<string, IsoEntry>();
  const walk = (directory: IsoEntry, path: string): void => {
    for (const entry of volume.list(directory)) {
      found.set(path + entry.name, entry);
      if (entry.isDirectory) walk(entry, `${path}${entry.name}/`);
    }
  };
  walk(volume.root, '');
  return found;
}

describe('an ISO 9660 volume by xorriso', () => {
  test.each([
    ['rock-ridge', ['-R']],
    ['joliet', ['-J', '-joliet-long', '--norock']],
  ] as const)('with %s names has its files under their own names', (names, options) => {
    const volume = openBytes(disc(names, ...options));

    const files = allOf(volume);
    const text = files.get('Read me first, please.text');
    const bytes = new Uint8Array(text?.sizeBytes ?? 0);
    if (text) volume.read(text, 0, bytes);

    expect(volume.info).toMatchObject({ volumeId: 'TEST_DISC', names, boot: undefined });
    expect(new TextDecoder().decode(bytes)).toBe('hello, disc');
    expect([...files.keys()].some((name) => name.startsWith('a folder/deeper/long long'))).toBe(true);
    expect(volume.find('/a folder/deeper')?.isDirectory).toBe(true);
    expect(volume.find('nowhere/else')).toBeUndefined();
  });

  test('with plain names has them in capitals', () => {
    const volume = openBytes(disc('plain', '--norock', '-iso-level', '1'));
    expect(volume.info.names).toBe('plain');
    expect(volume.find('BOOT.IMG')?.sizeBytes).toBe(4096);
  });

  test('says where its boot image lies', () => {
    const bytes = disc('boot', '-R', '-b', 'boot.img', '-no-emul-boot', '-boot-load-size', '4');
    const { boot } = openBytes(bytes).info;
    expect(boot).toMatchObject({ platform: 'x86', emulation: 'none', loadSectors: 4 });
    expect(bytes[boot?.offsetBytes ?? 0]).toBe(0x90);
  });
});

describe('an ISO 9660 volume of another program', () => {
  test('is identified, and every file can be read', () => {
    const volume = openBytes(imageFixture('iso9660.raw'));
    const files = allOf(volume);
    expect(files.size).toBeGreaterThan(0);
    for (const entry of files.values()) volume.read(entry, 0, new Uint8Array(entry.sizeBytes));
  });
});

describe('a damaged ISO 9660 volume', () => {
  test('that is none at all is no volume', () => {
    expect(openIso(new MemoryFile('x', new Uint8Array(100_000)))).toMatchObject({ error: { code: 'image.format' } });
    expect(openIso(new MemoryFile('x', new Uint8Array(10)))).toMatchObject({ error: { code: 'image.format' } });
  });

  test('is refused, or read as far as it goes, in bounded time (mutants)', () => {
    const original = disc('mutants', '-R', '-J');
    for (let number = 0; number < Number(process.env.TERRARIUM_FUZZ_MUTANTS ?? 300); number++) {
      const chance = new Dice(number + 1);
      const bytes = original.slice(0, chance.below(10) === 0 ? chance.below(original.length) : original.length);
      for (let i = 0; i < 6; i++) {
        const at = 16 * 2048 + chance.below(40 * 2048);
        if (at < bytes.length) bytes[at] = chance.pick([0, 1, 0xff, chance.below(256)]);
      }
      const opened = openIso(new MemoryFile('disc.iso', bytes));
      if (!opened.ok) continue;
      try {
        let budget = 200;
        const walk = (directory: IsoEntry): void => {
          for (const entry of opened.value.list(directory)) if (entry.isDirectory && budget-- > 0) walk(entry);
        };
        walk(opened.value.root);
      } catch (error) {
        if (!(error instanceof BlockIoError)) throw error;
      }
    }
  });
});
