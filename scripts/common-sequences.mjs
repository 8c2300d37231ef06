/**
 * `node scripts/common-sequences.mjs RUN.json…`: writes core/cpu/interp/common-sequences.ts from what `terrarium run --stats
 * --json` printed of some systems: again and again the two neighbours that most often follow each other are made one, which
 * spares most dispatches.
 */
import fs from 'node:fs';
import path from 'node:path';
import { root } from './node24.mjs';

const SEQUENCES = 400;
const MAX_INSTRUCTIONS = 4;
const SEPARATOR = '; ';

/** Instructions that do no more than compute, access memory and jump; all others are best left alone. */
const SIMPLE =
  /^(MOV|PUSH|POP|LEA|TEST|CMP|ADD|ADC|SUB|SBB|AND|OR|XOR|INC|DEC|NEG|NOT|SHL|SHR|SAR|MOVZX|MOVSX|IMUL|BT|CWD|NOP|CMOV\w+) /;
const JUMP = /^(RET|CALL|J(?!E?CXZ|MPF)\w+) /;
const SPECIAL_OPERAND = /\b([CDEFGS]S|S[vw]|[CD]d)\b/;
const isJump = (step) => JUMP.test(step);
const joins = (steps) => steps.every((step) => (SIMPLE.test(step) || isJump(step)) && !SPECIAL_OPERAND.test(step));

const countOf = new Map();
for (const file of process.argv.slice(2))
  for (const line of JSON.parse(fs.readFileSync(file, 'utf8')).stats.blocks) {
    const at = line.indexOf(': ');
    const steps = line.slice(at + 2);
    countOf.set(steps, (countOf.get(steps) ?? 0) + Number(line.slice(0, at)));
  }
const blocks = [...countOf].map(([steps, count]) => ({ count, parts: steps.split(SEPARATOR) }));

/** Neighbours by `left; right`: how often they run, and in which blocks they are. */
const pairs = new Map();
function countPairs(block, sign) {
  for (let i = 1; i < block.parts.length; i++) {
    const name = block.parts[i - 1] + SEPARATOR + block.parts[i];
    let pair = pairs.get(name);
    if (!pair) {
      const steps = name.split(SEPARATOR);
      const allowed = steps.length <= MAX_INSTRUCTIONS && joins(steps) && !steps.slice(0, -1).some(isJump);
      pairs.set(name, (pair = { allowed, count: 0, left: block.parts[i - 1], right: block.parts[i], in: new Set() }));
    }
    pair.count += sign * block.count;
    if (sign > 0) pair.in.add(block);
  }
}
for (const block of blocks) countPairs(block, 1);

const sequences = new Set();
while (sequences.size < SEQUENCES) {
  let best;
  for (const [name, pair] of pairs) if (pair.allowed && pair.count > (best?.pair.count ?? 0)) best = { name, pair };
  if (!best) break;
  const { name, pair } = best;
  sequences.add(name);
  for (const block of [...pair.in]) {
    countPairs(block, -1);
    const parts = [];
    for (let i = 0; i < block.parts.length; i++)
      if (block.parts[i] === pair.left && block.parts[i + 1] === pair.right) {
        parts.push(name);
        i++;
      } else parts.push(block.parts[i]);
    block.parts = parts;
    countPairs(block, 1);
  }
  pair.allowed = false;
}

fs.writeFileSync(
  path.join(root, 'core/cpu/interp/common-sequences.ts'),
  `/**
 * Instructions that follow each other often in tier 0, a sequence a line: of each its row's name and the key of its form
 * (\`formKey\`) in base 36. Made by scripts/common-sequences.mjs from runs of systems.
 */
export const COMMON_SEQUENCES = \`
${[...sequences].sort().join('\n')}
\`;
`,
);
const executed = (partsOf) => blocks.reduce((sum, block) => sum + block.count * partsOf(block), 0);
const before = executed(({ parts }) => parts.join(SEPARATOR).split(SEPARATOR).length);
console.log(
  `${sequences.size} sequences, ${(executed(({ parts }) => parts.length) / before).toFixed(3)} dispatches an instruction`,
);
