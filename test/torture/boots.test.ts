/**
 * Boots in lock step: the interpreter and a compiling engine, registers, memory and devices. The normal run takes FreeDOS
 * with everything compiled and the beginning of Linux; every boot of the guest tests to its end:
 *
 *   TERRARIUM_TORTURE_BOOTS=all   (`npm run torture` of an hour and more)
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LockstepDifference, LockstepMachine } from '../../core/machine/lockstep.ts';
import { BOOTS, type Boot } from '../guest/boots.ts';
import { Guest, guestFloppy } from '../guest/guest.ts';
import { INSTALLERS } from '../guest/installers.ts';

const ALL = process.env['TERRARIUM_TORTURE_BOOTS'] === 'all';
/** For the longest of them on a busy computer. */
const TIMEOUT_MS = 3_600_000;
const LINUX_SHARE_NS = 800e6;
/** How often a test that runs for minutes lets its worker answer. */
const STEP_NS = 100e6;

/** Guests of other tests that take no input. */
const SMALL: Record<string, Boot> = Object.fromEntries(
  ['bootos-360k', 'floppybird'].map((name) => [
    name,
    { endNs: 2000e6, engines: ['jit'], create: (engine) => new Guest(guestFloppy(`${name}.img`), { engine }) } as Boot,
  ]),
);
const EVERY: Record<string, Boot> = { ...BOOTS, ...SMALL, ...INSTALLERS };
const SHARE: Record<string, Boot> = {
  FreeDOS: BOOTS.FreeDOS,
  'the beginning of Linux': { ...BOOTS.Linux, endNs: LINUX_SHARE_NS },
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'terrarium-lockstep-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(Object.entries(ALL ? EVERY : SHARE))(
  '%s boots alike interpreted and compiled',
  { timeout: TIMEOUT_MS },
  async (name, boot) => {
    const medium = (await boot.medium?.(folder)) ?? '';
    // All compiled where that is worth its time: large systems compile what is hot.
    const engine = boot.engines.includes('jit') ? 'jit' : 'auto';
    const [reference, tested] = [await boot.create('interpreter', medium), await boot.create(engine, medium)];
    const machine = new LockstepMachine(reference.machine, tested.machine);

    const found = await firstDifference(machine, boot.endNs);

    expect(found, name).toBe('');
    expect(machine.nowNs).toBeGreaterThanOrEqual(boot.endNs);
    console.log(`${name}: ${machine.instructions} instructions, ${machine.stats().code.compiledRegions} regions`);
  },
);

async function firstDifference(machine: LockstepMachine, endNs: number): Promise<string> {
  try {
    while (machine.nowNs < endNs) {
      machine.run(Math.min(endNs, machine.nowNs + STEP_NS));
      await new Promise((resume) => setImmediate(resume));
    }
    machine.compare();
    return '';
  } catch (error) {
    if (!(error instanceof LockstepDifference)) throw error;
    const narrowed = error.narrow();
    return [error.message, ...(narrowed ? [...narrowed.history, ...narrowed.differences] : [])].join('\n');
  }
}
