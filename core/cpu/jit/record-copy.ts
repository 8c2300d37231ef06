/** Records of a region's blocks as they were when it was planned, to be read by their addresses from anywhere. */
import { RECORD_BYTES } from '../layout.ts';

/** Plain data: it crosses threads. */
export interface RecordCopy {
  /** Address of each block's header; its records, and that of its end, follow. */
  readonly headers: readonly number[];
  /** Where each block starts in `bytes`; one more for the end. */
  readonly starts: readonly number[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export function copyRecords(
  view: DataView,
  blocks: readonly { readonly header: number; readonly forms: readonly number[] }[],
): RecordCopy {
  const starts = [0];
  for (const { forms } of blocks) starts.push(starts.at(-1)! + (forms.length + 2) * RECORD_BYTES);
  const bytes = new Uint8Array(starts.at(-1)!);
  blocks.forEach(({ header }, i) => {
    bytes.set(new Uint8Array(view.buffer, view.byteOffset + header, starts[i + 1] - starts[i]), starts[i]);
  });
  return { headers: blocks.map(({ header }) => header), starts, bytes };
}

/** As much of a DataView of the machine's memory as regions read. */
export class RecordView implements Pick<DataView, 'getUint8' | 'getUint16' | 'getUint32' | 'getInt32'> {
  readonly #copy: RecordCopy;
  readonly #view: DataView;
  /** The block read last: its first and last address, and what takes addresses to the copy. */
  #from = 0;
  #to = 0;
  #shift = 0;

  constructor(copy: RecordCopy) {
    this.#copy = copy;
    this.#view = new DataView(copy.bytes.buffer, copy.bytes.byteOffset, copy.bytes.length);
  }

  getUint8(address: number): number {
    return this.#view.getUint8(this.#at(address));
  }
  getUint16(address: number, littleEndian?: boolean): number {
    return this.#view.getUint16(this.#at(address), littleEndian);
  }
  getUint32(address: number, littleEndian?: boolean): number {
    return this.#view.getUint32(this.#at(address), littleEndian);
  }
  getInt32(address: number, littleEndian?: boolean): number {
    return this.#view.getInt32(this.#at(address), littleEndian);
  }

  #at(address: number): number {
    if (address < this.#from || address >= this.#to) this.#find(address);
    return address + this.#shift;
  }

  #find(address: number): void {
    const { headers, starts } = this.#copy;
    const block = headers.findIndex((header, i) => address >= header && address < header + starts[i + 1] - starts[i]);
    if (block < 0) throw new Error(`no record of the region at ${address.toString(16)}`);
    this.#from = headers[block];
    this.#to = headers[block] + starts[block + 1] - starts[block];
    this.#shift = starts[block] - headers[block];
  }
}
