/** One end of a PS/2 cable as the keyboard controller sees it. */
export interface Ps2Device {
  /** A byte from the controller: a command or its argument. */
  write(byte: number): void;
  /** Something waits to be sent. */
  readonly hasData: boolean;
  /** The next byte towards the controller. */
  take(): number | undefined;
  /** Set by the controller: called whenever `hasData` may have become true. */
  onData: () => void;
}
