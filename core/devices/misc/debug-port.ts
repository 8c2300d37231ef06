/** Debug console of Bochs (port E9h) and of QEMU's isa-debugcon (port 402h): every byte written goes to the host. */
import type { CharSink } from '../../backends/index.ts';
import type { Device, IoWidth, PortIo } from '../../bus/index.ts';
import { create, defineState, type StateOf } from '../../state/index.ts';

export const DEBUG_PORT = defineState({ name: 'debug-port', version: 1, fields: {} });

/** What a read gives, by which software knows that somebody listens. */
const PRESENT = 0xe9;

/** One range of one port. Has no registers: its state is an empty declaration. */
export class DebugPort implements Device<typeof DEBUG_PORT>, PortIo {
  readonly spec = DEBUG_PORT;
  readonly state: StateOf<typeof DEBUG_PORT> = create(DEBUG_PORT);
  readonly id: string;
  readonly #sink: CharSink;

  constructor(id: string, sink: CharSink) {
    this.id = id;
    this.#sink = sink;
  }

  reset(): void {}

  ioRead(): number {
    return PRESENT;
  }

  ioWrite(_range: number, _offset: number, _width: IoWidth, value: number): void {
    this.#sink.write(value & 0xff);
  }
}
