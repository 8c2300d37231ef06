/** What each form was compared with, for the person who reads the test's output. */
import { why64Bit, type Truth } from './truth.ts';

const NAMES: Readonly<Record<Truth, string>> = {
  processor32: "this host's processor in 32-bit mode",
  processor64: "this host's processor in 64-bit mode, re-encoded",
  qemu: "QEMU's TCG, but for undefined flags and LOCK",
};

export class TruthReport {
  readonly #subject: string;
  /** Names of forms by mnemonic. */
  readonly #forms = new Map<Truth, Map<string, Set<string>>>();
  readonly #notes: string[] = [];

  constructor(subject: string) {
    this.#subject = subject;
  }

  add(truth: Truth, mnemonic: string, form: string): void {
    const byMnemonic = this.#forms.get(truth) ?? new Map<string, Set<string>>();
    this.#forms.set(truth, byMnemonic);
    byMnemonic.set(mnemonic, (byMnemonic.get(mnemonic) ?? new Set()).add(form));
  }

  note(line: string): void {
    this.#notes.push(line);
  }

  /** Counts for the processor, names for everything else. */
  text(): string {
    const reason = why64Bit();
    const lines = [`${this.#subject} compared with${reason === undefined ? '' : `, since ${reason}`}:`];
    for (const [truth, byMnemonic] of this.#forms) {
      const count = [...byMnemonic.values()].reduce((sum, { size }) => sum + size, 0);
      lines.push(`  ${NAMES[truth]}: ${count} forms of ${byMnemonic.size} mnemonics`);
      if (truth !== 'qemu') continue;
      for (const [mnemonic, forms] of byMnemonic)
        lines.push(`    ${mnemonic}: ${[...forms].map((form) => form.replace(`${mnemonic} `, '')).join(', ')}`);
    }
    return [...lines, ...this.#notes.map((note) => `  ${note}`)].join('\n');
  }
}
