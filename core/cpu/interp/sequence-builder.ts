import { I32, type FunctionBody } from '../../wasm/index.ts';
import { RECORD_BYTES } from '../layout.ts';
import type { Form } from './form.ts';
import { HandlerBuilder } from './handler-builder.ts';
import type { HandlerImports } from './memory-builder.ts';

/**
 * A handler for some instructions in a row, which saves the dispatches between them. It stands in the record of the first;
 * the others keep their own, since whatever calls into TypeScript goes on by those: a kick or a write to code may have
 * changed them.
 */
export class SequenceBuilder extends HandlerBuilder {
  readonly #forms: readonly Form[];
  /** Local: set once the instruction has called into TypeScript. */
  readonly #called: number;
  #mayCall = false;

  constructor(body: FunctionBody, forms: readonly Form[], imports: HandlerImports) {
    super(body, forms[0], imports);
    this.#forms = forms;
    this.#called = body.newLocal(I32);
  }

  override build(): void {
    const last = this.#forms.length - 1;
    this.#forms.forEach((form, i) => {
      this.form = form;
      this.recordOffset = i * RECORD_BYTES;
      this.body.reusingLocals(() => this.scoped(() => (i === last ? super.build() : this.#instruction(form))));
    });
  }

  #instruction({ def, operands }: Form): void {
    const { code } = this;
    this.#mayCall = false;
    def.semantics(this, ...operands);
    if (!this.#mayCall) return;
    code.localGet(this.#called);
    code.ifUnlikely();
    this.tailCallNext();
    code.end();
  }

  protected override afterCall(): void {
    super.afterCall();
    this.#mayCall = true;
    this.code.i32Const(1);
    this.code.localSet(this.#called);
  }
}
