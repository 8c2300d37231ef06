/**
 * `npm test`: set-up, then every stage, each timed; the last line sums them up. `npm test -- unit guest` runs only
 * those. Plain JavaScript for Node 20; what it starts runs on the pinned Node 24.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { buildStaleCli } from './built.mjs';
import { installMissingPackages } from './debian.mjs';
import { node24, root, tool } from './node24.mjs';

const tsc = tool('typescript/bin/tsc');
const vitest = tool('vitest/vitest.mjs');

const FAILURE_LINES = 12;
const SLOWEST_FILES = 3;

/**
 * Stages run beside each other in two lanes, each with half of the processors. A test often waits, for a guest or for a
 * browser, and with all processors in one lane every stage would end with its last file alone on one of them.
 */
const LANES = 2;

/**
 * A stage is either commands that must succeed, one check each, or a vitest project whose tests are counted. They are
 * named in the order in which they are reported, and begun the longest first: `minutes` is about what it takes in a lane
 * of one processor, `workers` how many files run at once where that is not a matter of the processors.
 */
const STAGES = [
  {
    name: 'lint',
    minutes: 2.5,
    commands: [
      [tool('eslint/bin/eslint.js'), '.', '--max-warnings', '0'],
      [tool('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.'],
    ],
  },
  {
    name: 'typecheck',
    minutes: 1,
    commands: [
      [tsc, '-p', '.'],
      [tsc, '-p', 'tsconfig.core.json'],
    ],
  },
  { name: 'unit', minutes: 1.3, project: 'unit' },
  { name: 'integration', minutes: 1, project: 'integration' },
  { name: 'formats', minutes: 0.4, project: 'formats' },
  { name: 'isa', minutes: 1.6, project: 'isa' },
  { name: 'isa-jit', minutes: 3.5, project: 'isa-jit' },
  { name: 'torture', minutes: 2.5, project: 'torture' },
  { name: 'fault', minutes: 0.5, project: 'fault', workers: 1 },
  { name: 'guest', minutes: 9, project: 'guest' },
  { name: 'installers', minutes: 6, project: 'installers' },
  // A browser and its machines are more than one process as it is.
  { name: 'e2e', minutes: 4.5, project: 'e2e', workers: 1 },
];
const LONGEST_NAME = Math.max(...STAGES.map(({ name }) => name.length));

/** What it writes comes line by line with the stage's name, since another stage writes too. Resolves to its status. */
function run(stage, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(node24(), args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: `${tool('.bin')}${path.delimiter}${process.env.PATH ?? ''}` },
    });
    for (const stream of [child.stdout, child.stderr])
      createInterface(stream).on('line', (line) => console.log(`${stage.padEnd(LONGEST_NAME)} | ${line}`));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(signal ? 1 : (code ?? 1)));
  });
}

async function runCommands({ name, commands }) {
  const result = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const command of commands) result[(await run(name, command)) === 0 ? 'passed' : 'failed']++;
  return result;
}

async function runProject({ name, project, workers }, { processors, reportDir }) {
  const report = path.join(reportDir, `${project}.json`);
  const code = await run(name, [
    ...[vitest, 'run', '--project', project, `--maxWorkers=${workers ?? processors}`],
    ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
  ]);
  if (!fs.existsSync(report))
    return { passed: 0, failed: 1, skipped: 0, failures: [], problem: `vitest ended with ${code}, no report` };
  const {
    numPassedTests: passed,
    numFailedTests,
    numPendingTests: skipped,
    testResults,
  } = JSON.parse(fs.readFileSync(report, 'utf8'));
  // A file that does not load has no failed test of its own, an error outside any test not even a failed file.
  const brokenFiles = testResults.filter(
    (f) => f.status === 'failed' && !f.assertionResults.some((t) => t.status === 'failed'),
  );
  const failed = Math.max(numFailedTests + brokenFiles.length, code === 0 ? 0 : 1);
  if (passed + failed === 0) return { passed, failed: 1, skipped, failures: [], problem: 'no test was run' };
  const failures = [
    ...brokenFiles.map((file) => ({ name: file.name, message: file.message })),
    ...testResults.flatMap(({ assertionResults }) =>
      assertionResults
        .filter((each) => each.status === 'failed')
        .map((each) => ({ name: each.fullName, message: each.failureMessages.join('\n') })),
    ),
  ];
  return { passed, failed, skipped, failures, slowest: slowestOf(testResults) };
}

/** The files that took longest: where to look when the whole takes too long. */
function slowestOf(testResults) {
  const files = testResults.map(({ name, startTime, endTime }) => ({ name, ms: endTime - startTime }));
  const slowest = files.sort((a, b) => b.ms - a.ms).slice(0, SLOWEST_FILES);
  return slowest.map(({ name, ms }) => `${path.basename(name)} ${(ms / 1000).toFixed(0)} s`).join(', ');
}

const seconds = (sinceMs) => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;

async function main(names) {
  const unknown = names.filter((name) => !STAGES.some((stage) => stage.name === name));
  if (unknown.length > 0) {
    console.error(`no such stage: ${unknown.join(', ')}. There are: ${STAGES.map((stage) => stage.name).join(', ')}`);
    return 2;
  }

  const missing = installMissingPackages();
  if (missing.length > 0) {
    console.error(`These Debian packages are missing and could not be installed: ${missing.join(' ')}`);
    console.error(`Install them (apt-get install ${missing.join(' ')}) and run this again.`);
    return 1;
  }

  const stages = STAGES.filter(({ name }) => names.length === 0 || names.includes(name));
  buildStaleCli();

  const reportDir = fs.mkdtempSync(path.join(os.tmpdir(), 'terrarium-test-'));
  const beganMs = performance.now();
  const results = new Map();
  const lanes = Math.min(LANES, stages.length, os.availableParallelism());
  const processors = Math.floor(os.availableParallelism() / lanes);
  const waiting = [...stages].sort((a, b) => b.minutes - a.minutes);
  const lane = async () => {
    for (let stage = waiting.shift(); stage; stage = waiting.shift()) {
      const startMs = performance.now();
      const result = await (stage.commands ? runCommands(stage) : runProject(stage, { processors, reportDir }));
      results.set(stage.name, { ...result, time: seconds(startMs) });
      console.log(`${stage.name.padEnd(LONGEST_NAME)} | ended after ${seconds(startMs)}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: lanes }, lane));
  } finally {
    fs.rmSync(reportDir, { recursive: true, force: true });
  }

  const total = { passed: 0, failed: 0, skipped: 0 };
  const lines = [];
  const failures = [];
  for (const { name } of stages) {
    const result = results.get(name);
    for (const key of Object.keys(total)) total[key] += result[key];
    failures.push(...result.failures.map((failure) => ({ stage: name, ...failure })));
    const { passed, failed, skipped, problem, slowest, time } = result;
    const counts = `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
    const remarks = problem ? ` (${problem})` : slowest ? `; longest: ${slowest}` : '';
    lines.push(`${name.padEnd(LONGEST_NAME + 1)}${time.padStart(9)}  ${counts}${remarks}`);
  }

  // Once more at the end: whoever reads only the end of a long output finds what failed.
  for (const { stage, name, message } of failures)
    console.log(`\nFAILED ${stage}: ${name}\n${message.split('\n').slice(0, FAILURE_LINES).join('\n')}`);
  console.log(`\n${lines.join('\n')}\n${'all'.padEnd(LONGEST_NAME + 1)}${seconds(beganMs).padStart(9)}\n`);
  console.log(`${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}`);
  return total.failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
