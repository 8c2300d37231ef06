/**
 * Saved at any moment of a boot and loaded in a fresh process, a machine goes on to the same end state, on every engine
 * (the installers' own tests do it to them, since their boots take longest).
 * TERRARIUM_SAVE_MOMENTS says how many moments of each boot (1), TERRARIUM_SAVE_SEED which ones (the same without it).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Random } from '../isa/host-cpu/random.ts';
import { BOOTS, endStateOf, resume, type Boot } from './boots.ts';

const MOMENTS = Number(process.env['TERRARIUM_SAVE_MOMENTS'] ?? 1);
const SEED = Number(process.env['TERRARIUM_SAVE_SEED'] ?? 1);
const TIMEOUT_MS = 900_000;
const NS_PER_INSTRUCTION = 10;

const folder = mkdtempSync(path.join(tmpdir(), 'terrarium-save-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(Object.entries<Boot>(BOOTS))('%s', (name, boot) => {
  const { endNs, engines } = boot;
  const when = `${engines.length > 1 ? 'power-on and at ' : ''}${MOMENTS} random moments`;
  test(
    `saved at ${when}, ends as undisturbed (TERRARIUM_SAVE_SEED=${SEED})`,
    async () => {
      const random = new Random(SEED);
      const moment = (): number => random.below(Math.floor(endNs / NS_PER_INSTRUCTION)) * NS_PER_INSTRUCTION;
      const saves = [
        ...engines.filter((engine) => engine !== 'auto').map((engine) => ({ atNs: 0, engine })),
        ...Array.from({ length: MOMENTS }, () => ({ atNs: moment(), engine: random.pick(engines) })),
      ].sort((a, b) => a.atNs - b.atNs);
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
