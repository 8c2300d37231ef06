/** Bare-metal test images: assembling them, running them on QEMU, and the lines where QEMU is known to be wrong. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FLOPPY_BYTES = 2880 * 512;
const QEMU_TIMEOUT_MS = 60_000;
/** The images write their last byte to this port; isa-debug-exit makes the status of value v: v * 2 + 1. */
const EXIT_STATUS = 1;
const HERE = fileURLToPath(new URL('.', import.meta.url));

export const LAST_LINE = 'END';

/** Runs a tool to its end; null is the status of one that had to be killed. */
export function run(
  command: string,
  args: readonly string[],
  cwd: string,
  timeoutMs: number,
): { status: number | null; stderr: string } {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: timeoutMs, killSignal: 'SIGKILL' });
  const problem = result.error as NodeJS.ErrnoException | undefined;
  if (problem?.code === 'ENOENT') throw new Error(`${command} is missing: install nasm and qemu-system-x86`);
  if (problem && problem.code !== 'ETIMEDOUT') throw problem;
  return { status: result.status, stderr: result.stderr };
}

export function inTemporaryFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'terrarium-system-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file in nasm's language as a flat binary; its folder is where it includes from. */
export function assembleFlat(source: URL): Uint8Array {
  const path = fileURLToPath(source);
  return inTemporaryFolder((folder) => {
    const target = join(folder, 'image');
    const { status, stderr } = run(
      'nasm',
      ['-w+error', '-f', 'bin', '-o', target, basename(path)],
      dirname(path),
      QEMU_TIMEOUT_MS,
    );
    if (status !== 0) throw new Error(`nasm: ${stderr}`);
    return Uint8Array.from(readFileSync(target));
  });
}

/** A 1.44 MB floppy that boots `name`.asm. */
export function assemble(name: string): Uint8Array {
  const floppy = new Uint8Array(FLOPPY_BYTES);
  floppy.set(assembleFlat(new URL(`${name}.asm`, import.meta.url)));
  return floppy;
}

/** The lines that the image printed on QEMU's TCG. */
export function qemuTranscript(floppy: Uint8Array): string[] {
  return inTemporaryFolder((folder) => {
    const image = join(folder, 'floppy.img');
    const log = join(folder, 'debugcon');
    writeFileSync(image, floppy);
    const args = [
      '-accel', 'tcg', '-machine', 'pc', '-cpu', 'qemu32', '-m', '16', '-display', 'none', '-no-reboot', '-nic', 'none',
      '-drive', `if=floppy,format=raw,file=${image}`, '-debugcon', `file:${log}`, '-serial', 'null',
      '-device', 'isa-debug-exit,iobase=0xf4,iosize=1',
    ]; // prettier-ignore
    const { status, stderr } = run('qemu-system-i386', args, folder, QEMU_TIMEOUT_MS);
    const text = existsSync(log) ? readFileSync(log, 'latin1') : '';
    if (status !== EXIT_STATUS)
      throw new Error(`qemu-system-i386 ended with ${status}: ${stderr}\n${text.slice(-500)}`);
    return linesOf(text);
  });
}

export function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** The name of a case, up to the last colon before its result. */
export function nameOf(line: string): string {
  return /^(.*?):(?: (?:vec|back|ok|db@|\+|[\w.:]+=)| ok|$)/.exec(line)?.[1] ?? line;
}

/** Lines of expected/`name`.txt, by the name of the case. */
export function expectedLines(name: string): Map<string, string> {
  const text = readFileSync(join(HERE, 'expected', `${name}.txt`), 'utf8');
  const lines = linesOf(text).filter((line) => !line.startsWith('#'));
  return new Map(lines.map((line) => [nameOf(line), line]));
}
