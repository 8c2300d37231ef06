/**
 * Saved at any moment of a boot and loaded in a fresh process, a machine goes on to the same end state, on every engine
 * (the installers' own tests do it to them, since their boots take longest).
 * TERRARIUM_SAVE_MOMENTS says how many moments of each boot (1), TERRARIUM_SAVE_SEED which ones (the same without it).
 *
 * With one moment, that is the default engine's, and each other engine has its own in the last quarter: from power-on they
 * would spend minutes on what lock step compares instruction by instruction. With several, they begin at power-on too.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Random } from '../isa/host-cpu/random.ts';
import { BOOTS, endStateOf, resume, type Boot } from './boots.ts';

const MOMENTS = Number(process.env['TERRARIUM_SAVE_MOMENTS'] ?? 1);
const SEED = Number(process.env['TERRARIUM_SAVE_SEED'] ?? 1);
const LATE = 0.75;
const TIMEOUT_MS = 900_000;
const NS_PER_INSTRUCTION = 10;

const folder = mkdtempSync(path.join(tmpdir(), 'terrarium-save-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(Object.entries<Boot>(BOOTS))('%s', (name, boot) => {
  const { endNs, engines } = boot;
  test(
    `saved at random moments (${MOMENTS}), ends as undisturbed (TERRARIUM_SAVE_SEED=${SEED})`,
    async () => {
      const random = new Random(SEED);
      const moment = (fromNs = 0): number =>
        fromNs + random.below(Math.floor((endNs - fromNs) / NS_PER_INSTRUCTION)) * NS_PER_INSTRUCTION;
      const slow = engines.filter((engine) => engine !== 'auto');
      const saves = (
        MOMENTS === 1
          ? [
              ...slow.map((engine) => ({ atNs: moment(endNs * LATE), engine })),
              { atNs: moment(), engine: 'auto' as const },
            ]
          : [
              ...slow.map((engine) => ({ atNs: 0, engine })),
              ...Array.from({ length: MOMENTS }, () => ({ atNs: moment(), engine: random.pick(engines) })),
            ]
      ).sort((a, b) => a.atNs - b.atNs);
      const medium = (await boot.medium?.(folder)) ?? '';
      const guest = await boot.create('auto', medium);
      const images = saves.map(({ atNs }, i) => {
        guest.machine.run(atNs);
        const image = path.join(folder, `${name}-${i}.image`);
        writeFileSync(image, guest.machine.save());
        return image;
      });
      guest.machine.run(endNs);
      const expected = endStateOf(guest);

      for (const [i, { atNs, engine }] of saves.entries()) {
        const image = images[i]!;
        const resumed = await resume(name, { engine, image, medium, endNs });
        rmSync(image);

        expect(resumed, `saved at ${atNs} ns, then ${engine}`).toEqual(expected);
      }
    },
    TIMEOUT_MS,
  );
});
