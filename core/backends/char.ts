/** The host's end of a serial or parallel line: bytes out of the machine. Bytes in are pushed to the device. */
export interface CharSink {
  write(byte: number): void;
}
