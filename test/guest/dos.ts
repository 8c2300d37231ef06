/** FreeDOS floppies with programs of the tests on them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Guest, guestFloppy } from './guest.ts';

const PROGRAMS = path.join(import.meta.dirname, 'programs');

export function inTemporaryFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(path.join(tmpdir(), 'terrarium-guest-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** programs/NAME.asm as flat binary: a .COM program, or a boot sector. */
export function assemble(name: string): Uint8Array {
  return inTemporaryFolder((folder) => {
    const target = path.join(folder, 'binary');
    execFileSync('nasm', ['-w+error', '-f', 'bin', '-o', target, `${name}.asm`], { cwd: PROGRAMS, stdio: 'pipe' });
    return new Uint8Array(readFileSync(target));
  });
}

/** A FreeDOS floppy with these files added (or replaced); names as DOS has them. */
export function dosFloppy(files: Readonly<Record<string, string | Uint8Array>>): Uint8Array {
  return inTemporaryFolder((folder) => {
    const image = path.join(folder, 'floppy.img');
    writeFileSync(image, guestFloppy('freedos.img'));
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(folder, name);
      writeFileSync(file, content);
      execFileSync('mcopy', ['-o', '-i', image, file, `::${name}`], { stdio: 'pipe' });
    }
    return new Uint8Array(readFileSync(image));
  });
}

/** A file of a FAT floppy. */
export function fileOf(floppy: Uint8Array, name: string): Uint8Array {
  return inTemporaryFolder((folder) => {
    const image = path.join(folder, 'floppy.img');
    writeFileSync(image, floppy);
    return new Uint8Array(execFileSync('mtype', ['-i', image, `::${name}`], { maxBuffer: 1 << 24 }));
  });
}

/** The names in the root of a FAT floppy, sorted. */
export function filesOf(floppy: Uint8Array): string[] {
  return inTemporaryFolder((folder) => {
    const image = path.join(folder, 'floppy.img');
    writeFileSync(image, floppy);
    const listing = execFileSync('mdir', ['-b', '-i', image, '::'], { encoding: 'utf8' });
    return listing
      .split('\n')
      .flatMap((line) => /^::\/(.+)$/.exec(line.trim())?.[1] ?? [])
      .sort();
  });
}

/** Boots FreeDOS with the program started from AUTOEXEC.BAT. */
export function startProgram(name: string): Guest {
  return new Guest(dosFloppy({ 'PROGRAM.COM': assemble(name), 'AUTOEXEC.BAT': '@ECHO OFF\r\nCLS\r\nPROGRAM\r\n' }));
}

/** Waits for the program's end, when DOS asks for the next command; returns the lines that it printed. */
export function finish(guest: Guest): string[] {
  guest.runUntil(() => guest.rows.findLast((row) => row !== '') === 'A:\\>');
  return guest.rows.slice(0, guest.rows.lastIndexOf('A:\\>')).filter((row) => row !== '');
}

/** Runs a program that needs no input. */
export const runProgram = (name: string): string[] => finish(startProgram(name));
