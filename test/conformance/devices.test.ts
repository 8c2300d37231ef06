import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../../core/base/index.ts';
import { create, f64, loadState, saveState, u8, type Fields, type StateSpec } from '../../core/state/index.ts';
import { idle, live, load, powerOn, save, step } from './exercise.ts';
import { registry } from './registry.ts';
import { Random, type Subject } from './subject.ts';

const SEEDS = [1, 2, 3, 4, 5];
const LIFE_STEPS = 2_000;
const GARBAGE_COUNT = 100_000;
/** A leak of a few bytes per access shows; the engine's own tables do not. */
const GROWTH_BYTES = 256 << 10;
const GROWTH_ROUNDS = 6;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function usedBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function fieldBytes(spec: StateSpec, state: Record<string, unknown>, name: string): Uint8Array {
  const out = new ByteWriter();
  spec.fields[name].save(out, state[name]);
  return out.finish();
}

/** The device's state as another build's declaration would have written it. */
function savedAs(subject: Subject, change: Partial<StateSpec>, extra: Record<string, unknown> = {}): Uint8Array {
  const spec = { ...(subject.device.spec as StateSpec), ...change };
  return saveState(spec, { ...(subject.device.state as object), ...extra } as never);
}

describe.each(registry.map((entry) => [entry.name, entry] as const))('%s', (_name, entry) => {
  const spec = entry.make().device.spec as StateSpec;
  const fieldNames = Object.keys(spec.fields);

  test.each(SEEDS)('is after a load what it was when saved (seed %i)', (seed) => {
    const original = powerOn(entry.make());
    live(original, seed, LIFE_STEPS);
    const images = save(original);
    const copy = powerOn(entry.make());

    const error = load(copy, images, original.clock.nowNs);

    expect(error).toBeUndefined();
    expect(save(copy)).toEqual(images);
    expect(copy.outputs?.()).toEqual(original.outputs?.());
  });

  test.each(SEEDS)('goes on after a load as if nothing had happened (seed %i)', (seed) => {
    const original = powerOn(entry.make());
    live(original, seed, LIFE_STEPS);
    const copy = powerOn(entry.make());
    load(copy, save(original), original.clock.nowNs);

    const expected = live(original, seed + 1000, LIFE_STEPS);
    const actual = live(copy, seed + 1000, LIFE_STEPS);

    expect(actual).toEqual(expected);
    expect(save(copy)).toEqual(save(original));
  });

  test('keeps its alarms over a load while nobody touches it', () => {
    for (let seed = 100; seed < 120; seed++) {
      const original = powerOn(entry.make());
      live(original, seed, 300);
      const copy = powerOn(entry.make());
      load(copy, save(original), original.clock.nowNs);

      const expected = idle(original);
      const actual = idle(copy);

      expect(actual, `seed ${seed}`).toEqual(expected);
    }
  });

  test('takes nothing over from the life it had before a load', () => {
    const original = powerOn(entry.make());
    live(original, 7, LIFE_STEPS);
    const used = powerOn(entry.make());
    live(used, 8, LIFE_STEPS);
    load(used, save(original), original.clock.nowNs);

    const expected = live(original, 9, LIFE_STEPS);
    const actual = live(used, 9, LIFE_STEPS);

    expect(actual).toEqual(expected);
  });

  test('refuses a field that it does not know, by name', () => {
    const subject = powerOn(entry.make());
    const image = savedAs(subject, { fields: { ...spec.fields, bogus: u8() } }, { bogus: 1 });

    const result = loadState(spec, subject.device.state as never, image);

    expect(result).toMatchObject({ ok: false, error: { code: 'state.unknown-field' } });
    expect(JSON.stringify(result)).toContain(`${spec.name}.bogus`);
  });

  test('refuses a newer version', () => {
    const subject = powerOn(entry.make());
    const image = savedAs(subject, { version: spec.version + 1 });

    const result = loadState(spec, subject.device.state as never, image);

    expect(result).toMatchObject({ ok: false, error: { code: 'state.version' } });
    expect(JSON.stringify(result)).toContain(spec.name);
  });

  test.runIf(fieldNames.length > 0)('refuses a state without one of its fields, by name', () => {
    for (const name of fieldNames) {
      const subject = powerOn(entry.make());
      const fields: Fields = Object.fromEntries(Object.entries(spec.fields).filter(([other]) => other !== name));
      const image = savedAs(subject, { fields });

      const result = loadState(spec, subject.device.state as never, image);

      expect(result).toMatchObject({ ok: false, error: { code: 'state.missing-field' } });
      expect(JSON.stringify(result)).toContain(`${spec.name}.${name}`);
    }
  });

  test.runIf(fieldNames.length > 0)('refuses a field of another kind, by name', () => {
    for (const name of fieldNames) {
      const subject = powerOn(entry.make());
      const other = spec.fields[name].kind === 'f64' ? u8() : f64();
      const image = savedAs(subject, { fields: { ...spec.fields, [name]: other } }, { [name]: 0 });

      const result = loadState(spec, subject.device.state as never, image);

      expect(result).toMatchObject({ ok: false, error: { code: 'state.kind' } });
      expect(JSON.stringify(result)).toContain(`${spec.name}.${name}`);
    }
  });

  test('keeps its state when a cut-off image is loaded', () => {
    const original = powerOn(entry.make());
    live(original, 11, LIFE_STEPS);
    const image = save(original)[0];
    const subject = powerOn(entry.make());
    const before = save(subject)[0];
    const random = new Random(12);

    for (let i = 0; i < 40; i++) {
      const result = loadState(spec, subject.device.state as never, image.subarray(0, random.below(image.length)));

      expect(result.ok).toBe(false);
    }
    expect(save(subject)[0]).toEqual(before);
  });

  test('answers any garbage with a number, never throws, and does not grow', () => {
    const subject = powerOn(entry.make());
    const random = new Random(0xc0ffee);
    const count = entry.garbageCount ?? GARBAGE_COUNT;
    for (let i = 0; i < count; i++) step(random, subject);

    // A leak grows in every round; what the engine allocates for itself does not.
    let least = Infinity;
    for (let round = 0; round < GROWTH_ROUNDS && least >= GROWTH_BYTES; round++) {
      const before = usedBytes();
      for (let i = 0; i < count; i++) step(random, subject);
      least = Math.min(least, usedBytes() - before);
    }

    expect(least).toBeLessThan(GROWTH_BYTES);
    // Named after the measurement, so that the collector has not taken the device and its leak along.
    expect(save(subject)).not.toHaveLength(0);
  });

  test('has its declared values after a power-on reset', () => {
    const subject = powerOn(entry.make());
    live(subject, 21, LIFE_STEPS);
    const declared = create(spec) as Record<string, unknown>;
    const survivors = Object.keys(entry.survivesReset ?? {});

    powerOn(subject);
    subject.device.preSave?.();

    const state = subject.device.state as Record<string, unknown>;
    for (const name of fieldNames.filter((each) => !survivors.includes(each)))
      expect(fieldBytes(spec, state, name), name).toEqual(fieldBytes(spec, declared, name));
    expect(fieldNames).toEqual(expect.arrayContaining(survivors));
  });
});
