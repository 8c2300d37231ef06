/**
 * `npm run torture [seconds] [seed] [file...]`: the tests of test/torture for an hour, or as long as said, from a seed
 * that is new each time, or the one said. A failure prints the seed that shows it at once.
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
  const { status } = spawnSync(node24(), [tool('vitest/vitest.mjs'), 'run', '--project', 'torture', ...files], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, TERRARIUM_TORTURE_SECONDS: seconds, TERRARIUM_TORTURE_SEED: seed },
  });
  process.exitCode = status ?? 1;
}
