import { ESLint } from 'eslint';
import path from 'node:path';
import tseslint from 'typescript-eslint';
import { describe, expect, it } from 'vitest';

/** The import arrows of docs/architecture.md, each shown to fire on a file that breaks it. */
const root = path.resolve(import.meta.dirname, '../..');

// The files are made up, so no TypeScript program holds them: type-aware rules are off here.
const eslint = new ESLint({
  cwd: root,
  overrideConfig: tseslint.configs.disableTypeChecked as ESLint.Options['overrideConfig'],
});

async function rulesFor(filePath: string, source: string): Promise<string[]> {
  const [result] = await eslint.lintText(source, { filePath: path.join(root, filePath) });
  if (!result) throw new Error(`${filePath} is ignored by the lint configuration`);
  return result.messages.map((message) => message.ruleId ?? `not parsed: ${message.message}`);
}

const ARROW = 'boundaries/dependencies';
const IMPORT = 'no-restricted-imports';

describe('an import against the arrows is an error', () => {
  it.each([
    ['base imports nothing', 'core/base/forbidden.ts', '../state/index.ts', ARROW],
    ['state knows no bus', 'core/state/forbidden.ts', '../bus/index.ts', ARROW],
    ['backends know no bus', 'core/backends/forbidden.ts', '../bus/index.ts', ARROW],
    ['the decoder knows no bus', 'core/isa/forbidden.ts', '../bus/index.ts', ARROW],
    ['the WebAssembly encoder knows no x86', 'core/wasm/forbidden.ts', '../isa/instruction.ts', ARROW],
    ['a device knows no processor', 'core/devices/timer/forbidden.ts', '../../isa/instruction.ts', ARROW],
    ['a device knows no machine', 'core/devices/timer/forbidden.ts', '../../machine/machine.ts', ARROW],
    ['the processor knows no firmware', 'core/cpu/forbidden.ts', '../firmware/env.ts', ARROW],
    ['the firmware knows no decoder', 'core/firmware/forbidden.ts', '../isa/instruction.ts', ARROW],
    ['formats know no bus', 'core/formats/forbidden.ts', '../bus/index.ts', ARROW],
    ['the network knows no bus', 'core/net/forbidden.ts', '../bus/index.ts', ARROW],
    ['snapshots know no bus', 'core/snapshot/forbidden.ts', '../bus/index.ts', ARROW],
    ['the interface knows no machine', 'renderer/features/forbidden.ts', '../../core/machine/machine.ts', ARROW],
    ['the preload script knows the contract alone', 'main/preload/forbidden.ts', '../../core/base/index.ts', ARROW],
    ['the core knows no Node', 'core/machine/forbidden.ts', 'node:fs', IMPORT],
    ['the core knows no Electron', 'core/machine/forbidden.ts', 'electron', IMPORT],
    ['the core knows no React', 'core/devices/display/forbidden.ts', 'react', IMPORT],
    ['the contract imports zod alone', 'core/contract/forbidden.ts', 'node:path', IMPORT],
    ['the store knows no Electron', 'core/store/forbidden.ts', 'electron', IMPORT],
    ['services know no Electron', 'main/services/forbidden.ts', 'electron', IMPORT],
    ['the command line knows no Electron', 'main/cli/forbidden.ts', 'electron', IMPORT],
    ['the interface knows no Node', 'renderer/features/forbidden.tsx', 'node:fs', IMPORT],
    ['the interface knows no Electron', 'renderer/features/forbidden.tsx', 'electron', IMPORT],
  ])('%s', async (_name, file, target, rule) => {
    const rules = await rulesFor(file, `export * from '${target}';\n`);

    expect(rules).toEqual([rule]);
  });
});

describe('a type is an import too', () => {
  it('when a device names the machine', async () => {
    const source = "import type { Machine } from '../../machine/machine.ts';\nexport type Forbidden = Machine;\n";

    expect(await rulesFor('core/devices/timer/forbidden.ts', source)).toEqual([ARROW]);
  });
});

describe('an import along the arrows is clean', () => {
  it.each([
    ['state on base', 'core/state/allowed.ts', '../base/index.ts'],
    ['a device on the bus', 'core/devices/timer/allowed.ts', '../../bus/index.ts'],
    ['the machine on the firmware', 'core/machine/allowed.ts', '../firmware/env.ts'],
    ['a host on the machine', 'main/vm-host/allowed.ts', '../../core/machine/machine.ts'],
    ['the contract on zod', 'core/contract/allowed.ts', 'zod'],
    ['the store on SQLite', 'core/store/allowed.ts', 'better-sqlite3'],
    ["the formats' file source on Node", 'core/formats/file-source.ts', 'node:fs'],
    ['the window on Electron', 'main/app/allowed.ts', 'electron'],
    ['the interface on React', 'renderer/features/allowed.tsx', 'react'],
    ['a test on anything', 'core/base/allowed.test.ts', '../bus/index.ts'],
  ])('%s', async (_name, file, target) => {
    const rules = await rulesFor(file, `export * from '${target}';\n`);

    expect(rules).toEqual([]);
  });
});

describe('the core takes time and chance from backends', () => {
  it.each([
    ['Date.now', 'export const f = () => Date.now();', 'no-restricted-properties'],
    ['new Date()', 'export const f = () => new Date();', 'no-restricted-syntax'],
    ['Math.random', 'export const f = () => Math.random();', 'no-restricted-properties'],
    ['performance', 'export const f = () => performance.now();', 'no-restricted-globals'],
    ['setTimeout', 'export const f = () => setTimeout(f, 1);', 'no-restricted-globals'],
    ['process', 'export const f = () => process.pid;', 'no-restricted-globals'],
    ['document', 'export const f = () => document.title;', 'no-restricted-globals'],
  ])('%s is refused', async (_name, source, rule) => {
    expect(await rulesFor('core/machine/forbidden.ts', `${source}\n`)).toEqual([rule]);
  });
});

describe('cycles', () => {
  it('are refused between files of one folder', async () => {
    // base/index.ts re-exports result.ts: a result.ts that imports index.ts closes the circle.
    const rules = await rulesFor('core/base/result.ts', "export * from './index.ts';\n");

    expect(rules).toEqual(['import-x/no-cycle']);
  });
});
