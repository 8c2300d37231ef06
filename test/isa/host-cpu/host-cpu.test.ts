/**
 * Every user-mode form of every integer instruction with random operands, on the host's own processor and on the core:
 * registers, all flags, memory, exceptions.
 *
 *   TERRARIUM_HOST_CPU_CASES=5000   cases per form (default 40; the long run has thousands)
 *   TERRARIUM_HOST_CPU_SEED=7       another set of cases (default 1)
 */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { createCpuUnderTest } from '../connect.ts';
import { compareResults, describeCase, runOnCore } from './compare.ts';
import { VENDOR_DIFFERENCES, ignoredFlags, mayDiffer } from './differences.ts';
import { makeFaulting } from './faults.ts';
import { allForms, type Form } from './forms.ts';
import { dataImage, makeCase } from './generator.ts';
import { mixSeed } from './random.ts';
import { makeLoop, makeSequence, sequenceForms } from './sequences.ts';
import type { HostCase } from './stream.ts';
import { TruthReport } from './truth-report.ts';
import { HostRuns, runOnHost, truthOf, type HostRun } from './truth.ts';

const CASES_PER_FORM = Number(process.env['TERRARIUM_HOST_CPU_CASES'] ?? 40);
const SEED = Number(process.env['TERRARIUM_HOST_CPU_SEED'] ?? 1);
const SEQUENCES_PER_CASE = 100;
const SHOWN_FAILURES = 5;
const TIMEOUT_MS = 240_000 + CASES_PER_FORM * 1_000;

const forms = allForms();
const byMnemonic = new Map<string, { readonly form: Form; readonly index: number }[]>();
for (const [index, form] of forms.entries()) {
  const list = byMnemonic.get(form.row.mnemonic) ?? [];
  list.push({ form, index });
  byMnemonic.set(form.row.mnemonic, list);
}

const vendor = /^vendor_id\s*:\s*(\S+)/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown';

interface Trial {
  readonly mnemonic: string;
  readonly name: string;
  readonly hostCase: HostCase;
}

const mnemonics = [...byMnemonic.keys()];

function trialsOf(mnemonic: string): Trial[] {
  return (byMnemonic.get(mnemonic) ?? []).flatMap(({ form, index }) =>
    Array.from({ length: CASES_PER_FORM }, (_, k): Trial => ({
      mnemonic,
      name: form.name,
      hostCase: makeCase(form, mixSeed(SEED, index, k)),
    })),
  );
}

const hostRuns = new HostRuns(mnemonics.length, (index) => ({
  image: dataImage(SEED),
  cases: trialsOf(mnemonics[index]).map(({ hostCase }) => hostCase),
}));

const report = new TruthReport('integer instructions');
/** One for all: a set-up makes it a fresh one, and what it has compiled stays compiled. */
const cpu = createCpuUnderTest();

/** Runs the trials on the core; the data image carries the patches of earlier cases, so it is rebuilt as the host does. */
function differencesOf(trials: readonly Trial[], { selectors, results, truths }: HostRun, mode?: 'paged32'): string[] {
  const image = dataImage(SEED);
  const failures: string[] = [];
  for (const [i, { mnemonic, name, hostCase }] of trials.entries()) {
    report.add(truths[i], mnemonic, name);
    image.set(hostCase.patch.bytes, hostCase.patch.offset);
    const core = runOnCore(cpu, hostCase, image, selectors, mode);
    const differences = compareResults(core, results[i], ignoredFlags(mnemonic, vendor, truths[i], results[i]));
    if (differences.length > 0)
      failures.push(
        `${name} (seed ${SEED}, case ${i}, ${truths[i]})\n    ${describeCase(hostCase)}\n      ${differences.join('\n      ')}`,
      );
  }
  return failures;
}

function expectNone(failures: readonly string[], of: number): void {
  const shown = failures.slice(0, SHOWN_FAILURES).join('\n  ');
  expect(failures.length, `${failures.length} of ${of} differ from this host (${vendor}):\n  ${shown}\n`).toBe(0);
}

describe('integer instructions against the host processor', () => {
  afterAll(() => {
    console.log(report.text());
  });

  it('cover the instruction set', () => {
    expect(byMnemonic.size).toBeGreaterThan(150);
    expect(forms.length).toBeGreaterThan(1_000);
    for (const { mnemonics } of VENDOR_DIFFERENCES)
      for (const mnemonic of mnemonics) expect(byMnemonic.has(mnemonic), mnemonic).toBe(true);
  });

  it.each(mnemonics.map((mnemonic, index) => ({ mnemonic, index })))(
    '$mnemonic',
    { timeout: TIMEOUT_MS },
    ({ mnemonic, index }) => {
      const trials = trialsOf(mnemonic);
      expectNone(differencesOf(trials, hostRuns.run(index)), trials.length);
    },
  );

  it.each([
    { shape: 'in sequence', salt: 0x5e9, make: makeSequence },
    { shape: 'in loops', salt: 0x100b, make: makeLoop },
    { shape: 'in programs with exceptions', salt: 0xfa17, make: makeFaulting, mode: 'paged32' as const },
  ])('keep their meaning $shape', { timeout: TIMEOUT_MS }, ({ shape, salt, make, mode }) => {
    const differing = new Set(
      VENDOR_DIFFERENCES.filter((difference) => mayDiffer(difference, vendor)).flatMap(({ mnemonics }) => mnemonics),
    );
    const candidates = sequenceForms(forms).filter(({ row }) => !differing.has(row.mnemonic));
    // QEMU's undefined flags would pass from one instruction to the next
    const usable = candidates.filter((form) => truthOf(makeCase(form, SEED)) !== 'qemu');
    if (usable.length < candidates.length) {
      const without = candidates.filter((form) => !usable.includes(form)).map(({ name }) => name);
      report.note(`sequences are without ${without.join(', ')}`);
    }
    const cases = Array.from({ length: CASES_PER_FORM * SEQUENCES_PER_CASE }, (_, k) =>
      make(usable, mixSeed(SEED, salt, k)),
    );
    // Some are too long in 64-bit code.
    const trials = cases
      .filter((hostCase) => truthOf(hostCase) !== 'qemu')
      .map((hostCase): Trial => ({ mnemonic: 'sequence', name: `instructions ${shape}`, hostCase }));
    expect(trials.length).toBeGreaterThan(cases.length * 0.9);
    const run = runOnHost(
      dataImage(SEED),
      trials.map(({ hostCase }) => hostCase),
    );
    expectNone(differencesOf(trials, run, mode), trials.length);
    if (mode === undefined) return;
    const vectors = run.results.map(({ vector }) => vector ?? -1);
    for (const vector of [-1, 0, 1, 3, 6, 13, 14, 16, 17, 19])
      expect(vectors.filter((each) => each === vector).length, `vector ${vector}`).toBeGreaterThan(trials.length / 200);
  });
});
