/** How long KolibriOS takes to its desktop, beside QEMU's TCG. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { kolibriCase } from '../bench/boot.ts';

/** Far above what either takes on a busy machine. */
const HANG_MS = 280_000;

test('KolibriOS comes to its desktop within 1.5 times the time that QEMU takes', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'terrarium-kolibri-'));
  try {
    const { terrarium, qemu } = kolibriCase(folder, HANG_MS).run;

    // Both at once, so that whatever else keeps the host busy keeps both waiting.
    const [ours, theirs] = (await Promise.all([terrarium!(), qemu!()])) as [number, number];

    expect(ours / theirs).toBeLessThan(1.5);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 300_000);
