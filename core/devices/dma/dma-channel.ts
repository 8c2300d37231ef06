/** What an ISA device sees of the 8237: the DREQ, DACK and EOP (terminal count) wires of one channel. */
export interface DmaTransfer {
  /** Bytes moved; fewer than asked when the channel is masked, disabled, or reached its terminal count. */
  readonly count: number;
  /** EOP was active with the last byte: the programmed length is used up, and the device ends its command. */
  readonly terminalCount: boolean;
}

/**
 * One DMA channel (0 to 3: bytes, 5 to 7: words). A floppy controller with a sector ready does
 *
 *     channel.setRequest(true);
 *     const moved = channel.transferToMemory(sector);
 *     if (moved.terminalCount) …end of command…
 *     channel.setRequest(false);
 *
 * `count === 0` without terminalCount means no DACK: nobody programmed the channel yet. Try again later, or report an
 * overrun. Word channels move whole words; an odd last byte is left.
 */
export interface DmaChannel {
  /** 0 to 7. */
  readonly index: number;
  /** True when a transfer asked for now would move nothing (masked, controller disabled, cascade masked). */
  readonly masked: boolean;
  /** The DREQ wire, as the status register shows it. A transfer does not depend on it. */
  setRequest(level: boolean): void;
  /**
   * Device reads: memory -> target ("read transfer"). In verify mode, or when the channel is programmed for the other
   * direction, addresses and counts advance and the bytes read as FFh.
   */
  transferFromMemory(target: Uint8Array): DmaTransfer;
  /**
   * Device writes: data -> memory ("write transfer"). In verify mode, or when the channel is programmed for the other
   * direction, addresses and counts advance and memory stays as it is.
   */
  transferToMemory(data: Uint8Array): DmaTransfer;
}
