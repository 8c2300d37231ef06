import { defineConfig } from 'vitest/config';

const INTEGRATION = ['{core,main,test}/**/*.integration.test.ts'];

/** Unit tests beside the code (the default), and what crosses folders in projects of its own. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'core/**/*.test.ts',
            'main/**/*.test.ts',
            'renderer/**/*.test.{ts,tsx}',
            'test/{fixtures,bench}/*.test.ts',
          ],
          exclude: INTEGRATION,
          // A process for each of many small files would spend more time on starting than on testing.
          isolate: false,
          // A busy machine is slow, not wrong.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Beside the code too, with processes, packages or the host's processor in them: unit tests take a minute without.
        test: { name: 'integration', include: INTEGRATION, testTimeout: 120_000, hookTimeout: 120_000 },
      },
      {
        // Conformance suites over every device, instruction vectors, the lint rules.
        test: {
          name: 'isa',
          include: ['test/isa/**/*.test.ts', 'test/conformance/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        // The same vectors through compiled regions: both tiers come from the same definitions, this shows it.
        test: {
          name: 'isa-jit',
          include: ['test/isa/**/*.test.ts'],
          env: { TERRARIUM_TEST_ENGINE: 'jit' },
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        // Random programs and random moments: two minutes here, an hour by `npm run torture`.
        test: { name: 'torture', include: ['test/torture/**/*.test.ts'], testTimeout: 300_000, hookTimeout: 300_000 },
      },
      {
        // The store under kills, errors of the host and power cuts; `npm run torture` has the full counts.
        test: { name: 'fault', include: ['test/fault/**/*.test.ts'], testTimeout: 300_000, hookTimeout: 300_000 },
      },
      {
        // Image formats beside qemu-img, and damaged images; TERRARIUM_*_ROUNDS make it longer (`npm run torture`).
        test: {
          name: 'formats',
          include: ['test/{formats,fuzz}/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Real guests on a whole machine.
        test: { name: 'guest', include: ['test/guest/**/*.test.ts'], testTimeout: 180_000, hookTimeout: 180_000 },
      },
      {
        // The interface in a real browser; one at a time, it has two cores to share with the machines it starts.
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
