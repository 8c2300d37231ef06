/**
 * Privilege checks, faults with error codes, gates, tasks, virtual-8086 mode, paging: bare-metal images that print a
 * line for each case, run on QEMU's TCG and on Terrarium, line by line. Where TCG is known to do other than the manual
 * says, expected/ holds the line that a processor prints, with the reason.
 */
import { describe, expect, it } from 'vitest';
import { LAST_LINE, assemble, expectedLines, nameOf, qemuTranscript } from './images.ts';
import { terrariumTranscript } from './terrarium.ts';

const TIMEOUT_MS = 120_000;

describe.each(['real', 'prot', 'task', 'v86', 'paging', 'fpu'])('system behaviour: %s', (name) => {
  const floppy = assemble(name);

  it('is what a processor shows, line by line', { timeout: TIMEOUT_MS }, () => {
    const corrections = expectedLines(name);
    const qemu = qemuTranscript(floppy);
    const expected = qemu.map((line) => corrections.get(nameOf(line)) ?? line);

    const actual = terrariumTranscript(floppy);

    expect(qemu.at(-1)).toBe(LAST_LINE);
    expect(actual).toEqual(expected);
  });

  it('has corrections only for cases that exist and that QEMU gets wrong', { timeout: TIMEOUT_MS }, () => {
    const qemu = new Map(qemuTranscript(floppy).map((line) => [nameOf(line), line]));

    for (const [caseName, line] of expectedLines(name)) {
      expect(qemu.has(caseName), caseName).toBe(true);
      expect(qemu.get(caseName), caseName).not.toBe(line);
    }
  });

  it('names each case once', { timeout: TIMEOUT_MS }, () => {
    const names = qemuTranscript(floppy).map(nameOf);

    expect(new Set(names).size).toBe(names.length);
  });
});
