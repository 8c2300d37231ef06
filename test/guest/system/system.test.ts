/**
 * Privilege checks, faults with error codes, gates, tasks, virtual-8086 mode, paging: bare-metal images that print a
 * line for each case, run on QEMU's TCG and on Terrarium, line by line. Where TCG is known to do other than the manual
 * says, expected/ holds the line that a processor prints, with the reason.
 */
import { describe, expect, it } from 'vitest';
import { LAST_LINE, assemble, expectedLines, nameOf, qemuTranscript } from './images.ts';
import { terrariumTranscript } from './terrarium.ts';

const TIMEOUT_MS = 120_000;

describe.each(['real', 'prot', 'task', 'v86', 'paging', 'fpu', 'debug'])('system behaviour: %s', (name) => {
  const floppy = assemble(name);
  let transcript: string[] | undefined;
  const qemuLines = (): string[] => (transcript ??= qemuTranscript(floppy));

  it.each(['interpreter', 'jit'] as const)(
    'is what a processor shows, line by line: %s',
    { timeout: TIMEOUT_MS },
    (engine) => {
      const corrections = expectedLines(name);
      const expected = qemuLines().map((line) => corrections.get(nameOf(line)) ?? line);

      const actual = terrariumTranscript(floppy, engine);

      expect(qemuLines().at(-1)).toBe(LAST_LINE);
      expect(actual).toEqual(expected);
    },
  );

  it('has corrections only for cases that exist and that QEMU gets wrong', { timeout: TIMEOUT_MS }, () => {
    const qemu = new Map(qemuLines().map((line) => [nameOf(line), line]));

    for (const [caseName, line] of expectedLines(name)) {
      expect(qemu.has(caseName), caseName).toBe(true);
      expect(qemu.get(caseName), caseName).not.toBe(line);
    }
  });

  it('names each case once', { timeout: TIMEOUT_MS }, () => {
    const names = qemuLines().map(nameOf);

    expect(new Set(names).size).toBe(names.length);
  });
});
