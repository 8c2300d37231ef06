/**
 * `node scripts/common-forms.mjs RUN.json…`: writes core/cpu/interp/common-forms.ts from what `terrarium run --stats
 * --json` printed of some systems. Form keys and row names are explained there.
 */
import fs from 'node:fs';
import path from 'node:path';
import { root } from './node24.mjs';

const keysByRow = new Map();
for (const file of process.argv.slice(2))
  for (const line of JSON.parse(fs.readFileSync(file, 'utf8')).stats.forms) {
    const [name, keys] = line.split(': ');
    keysByRow.set(name, new Set([...(keysByRow.get(name) ?? []), ...keys.split(' ')]));
  }
const lines = [...keysByRow].map(([name, keys]) => `${name}: ${[...keys].sort().join(' ')}`).sort();
fs.writeFileSync(
  path.join(root, 'core/cpu/interp/common-forms.ts'),
  `/**
 * Forms of instructions that most systems need, by the row's name, as keys of \`formKey\` in base 36. Made by
 * scripts/common-forms.mjs from runs of systems; a form that is missing costs a millisecond, one too many nothing.
 */
export const COMMON_FORMS = \`
${lines.join('\n')}
\`;
`,
);
console.log(
  `${lines.reduce((sum, line) => sum + line.split(': ')[1].split(' ').length, 0)} forms of ${lines.length} rows`,
);
