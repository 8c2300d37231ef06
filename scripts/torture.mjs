/**
 * `npm run torture [seconds] [seed] [file...]`: the tests of test/torture for an hour, or as long as said, from a seed
 * that is new each time, or the one said, with every boot in lock step when an hour was given; then image formats beside qemu-img, damaged images, and the store under kills,
 * errors and power cuts, in the full counts when an hour was given. A failure prints the seed that shows it at once.
 */
import { spawnSync } from 'node:child_process';
import { installMissingPackages } from './debian.mjs';
import { node24, root, tool } from './node24.mjs';

const HOUR_SECONDS = 3600;
const [seconds = String(HOUR_SECONDS), seed = String(Date.now() % 0x1_0000_0000), ...files] = process.argv.slice(2);

const missing = installMissingPackages();
if (missing.length > 0) {
  console.error(`These Debian packages are missing and could not be installed: ${missing.join(' ')}`);
  process.exitCode = 1;
} else if (!/^\d+$/.test(seconds) || !/^\d+$/.test(seed)) {
  console.error('npm run torture [seconds] [seed] [file...]: seconds and seed are whole numbers');
  process.exitCode = 2;
} else {
  console.log(`torture for ${seconds} s, TERRARIUM_TORTURE_SEED=${seed}`);
  const share = (count) => String(Math.ceil(Math.min(Number(seconds) / HOUR_SECONDS, 1) * count));
  const env = {
    ...process.env,
    TERRARIUM_TORTURE_SECONDS: seconds,
    TERRARIUM_TORTURE_SEED: seed,
    // Of each kind of image and direction: at least 1,000 of each format in all.
    TERRARIUM_INTEROP_ROUNDS: share(500),
    TERRARIUM_FUZZ_MUTANTS: share(2000),
    TERRARIUM_FUZZ_SEED: seed,
    // Of each kind of process in each kind of work; states of all operations together; every error at every call.
    TERRARIUM_STORE_KILLS: share(500),
    // In each of its structures.
    TERRARIUM_STORE_FLIPS: share(1000),
    TERRARIUM_STORE_POWER_CUTS: share(10_000),
    ...(Number(seconds) >= HOUR_SECONDS && { TERRARIUM_STORE_FAULTS: 'all', TERRARIUM_TORTURE_BOOTS: 'all' }),
  };
  for (const project of ['torture', 'formats', 'fault']) {
    const args = ['run', '--project', project, '--passWithNoTests', ...files];
    const { status } = spawnSync(node24(), [tool('vitest/vitest.mjs'), ...args], { cwd: root, stdio: 'inherit', env });
    process.exitCode ||= status ?? 1;
  }
}
