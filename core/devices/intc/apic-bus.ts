/**
 * What local APICs and I/O APICs send each other. Intel SDM volume 3A, sections 11.6 (destinations) and 11.11 (message
 * signalled interrupts).
 */

export const DELIVERY = { FIXED: 0, LOWEST_PRIORITY: 1, SMI: 2, NMI: 4, INIT: 5, STARTUP: 6, EXTINT: 7 } as const;

export interface InterruptMessage {
  /** One of DELIVERY. */
  readonly mode: number;
  readonly vector: number;
  /** APIC ID, or logical destination. */
  readonly destination: number;
  readonly logical: boolean;
  readonly levelTriggered: boolean;
}

/** A local APIC as a destination. */
export interface ApicTarget {
  matches(destination: number, logical: boolean): boolean;
  /** Task priority class by which the lowest-priority mode chooses. */
  readonly priority: number;
  accept(message: InterruptMessage): void;
}

export class ApicBus {
  readonly #targets: ApicTarget[] = [];
  readonly #eoiListeners: ((vector: number) => void)[] = [];

  attach(target: ApicTarget): void {
    this.#targets.push(target);
  }

  onEoi(listener: (vector: number) => void): void {
    this.#eoiListeners.push(listener);
  }

  /** End of a level-triggered interrupt. */
  broadcastEoi(vector: number): void {
    for (const listener of this.#eoiListeners) listener(vector);
  }

  send(message: InterruptMessage): void {
    const matching = this.#targets.filter((target) => target.matches(message.destination, message.logical));
    this.#deliver(matching, message);
  }

  /** Destination shorthands "all" and "all but self". */
  sendToAll(message: InterruptMessage, except?: ApicTarget): void {
    this.#deliver(
      this.#targets.filter((target) => target !== except),
      message,
    );
  }

  /** A memory write of a device to FEExxxxxh. */
  sendMsi(address: number, data: number): void {
    this.send({
      mode: (data >> 8) & 7,
      vector: data & 0xff,
      destination: (address >>> 12) & 0xff,
      logical: (address & 4) !== 0,
      levelTriggered: (data & 0x8000) !== 0,
    });
  }

  #deliver(targets: readonly ApicTarget[], message: InterruptMessage): void {
    if (message.mode !== DELIVERY.LOWEST_PRIORITY) {
      for (const target of targets) target.accept(message);
      return;
    }
    let lowest: ApicTarget | undefined;
    for (const target of targets) if (!lowest || target.priority < lowest.priority) lowest = target;
    lowest?.accept(message);
  }
}
