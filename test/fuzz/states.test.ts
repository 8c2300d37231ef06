/**
 * Mutants of a machine's saved state, as a snapshot keeps it. Its digests find what chance alters; these are states that
 * somebody made: an error that names what is wrong, with the machine as it was, or a state that the guest goes on from.
 */
import { expect, test } from 'vitest';
import { Dice } from '../formats/support.ts';
import { Guest, guestFloppy } from '../guest/guest.ts';
import { LIMIT_MS, NUMBERS, SEED, mutants, seedOf } from './mutants.ts';

const MUTANTS = mutants(60);
/** Far away, past, endless: what becomes of times and phases. */
const TIMES = [0, -1, 1e9, 1e18, -1e18, 1e300, Number.NaN, Infinity, 5e-324];
const HEADER_BYTES = 12;

interface Span {
  readonly at: number;
  readonly bytes: number;
}

/** Where the values of all fields lie; of video memory and the like only the beginning, there is no structure in it. */
function valuesOf(image: Uint8Array): Span[] {
  const view = new DataView(image.buffer, image.byteOffset);
  const values: Span[] = [];
  let at = HEADER_BYTES;
  /** Goes behind a length and as many bytes. */
  const skip = (): number => (at += 4 + view.getUint32(at, true));
  while (at < image.length) {
    skip(); // the part's id
    const end = at + 4 + view.getUint32(at, true);
    at += 4;
    skip(); // its name
    at += 4; // version and number of fields
    while (at < end) {
      skip(); // the field's name
      skip(); // its kind
      const start = at + 4;
      skip();
      if (at > start) values.push({ at: start, bytes: Math.min(at - start, 1024) });
    }
  }
  return values;
}

function mutate(original: Uint8Array, values: readonly Span[], chance: Dice): Uint8Array {
  let bytes = original.slice();
  const view = new DataView(bytes.buffer);
  for (let i = 1 + chance.below(4); i > 0; i--) {
    const value = chance.pick(values);
    const at = Math.min(
      chance.below(12) === 0 ? chance.below(bytes.length) : value.at + chance.below(value.bytes),
      bytes.length - 8,
    );
    const kind = value.bytes === 8 && chance.below(2) === 0 ? 12 : chance.below(20);
    if (kind < 3) bytes[at] ^= 1 << chance.below(8);
    else if (kind < 6) bytes[at] = chance.below(256);
    else if (kind < 10) bytes.fill(chance.pick([0, 0x7f, 0xff]), at, Math.min(at + 4, value.at + value.bytes));
    else if (kind < 12) view.setUint32(at, chance.pick(NUMBERS), true);
    else if (kind < 17) view.setFloat64(at, chance.pick(TIMES), true);
    else if (kind < 19) bytes.copyWithin(at, chance.below(bytes.length), at + chance.below(64));
    else if (chance.below(4) === 0) bytes = bytes.slice(0, at);
    if (bytes.length < original.length) break;
  }
  return bytes;
}

test(
  `mutants of a saved state are refused clearly or the machine goes on (${MUTANTS}, seed ${SEED})`,
  { timeout: 120_000 + MUTANTS * 500 },
  () => {
    const guest = new Guest(guestFloppy('freedos.img'), {}, { disks: [new Uint8Array(1 << 20)] });
    const { machine } = guest;
    guest.runFor(30);
    const good = machine.saveState();
    const values = valuesOf(good);
    let loadedCount = 0;
    for (let number = 0; number < MUTANTS; number++) {
      const what = `mutant ${number} of seed ${SEED}`;
      const bytes = mutate(good, values, new Dice(seedOf(number)));
      const startedMs = performance.now();
      try {
        const loaded = machine.loadState(bytes);
        if (loaded.ok) {
          loadedCount++;
          machine.run(machine.nowNs + 1e5);
          machine.display.refresh();
          machine.saveState();
        } else expect(loaded.error.code, what).toMatch(/^(state|image)\./);
      } catch (error) {
        throw new Error(`${what}: ${(error as Error).stack}`, { cause: error });
      }
      expect(performance.now() - startedMs, what).toBeLessThan(LIMIT_MS);
      expect(machine.loadState(good), what).toEqual({ ok: true, value: undefined });
    }
    expect(loadedCount).toBeGreaterThan(MUTANTS / 5);
  },
);
