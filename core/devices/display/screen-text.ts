import { cp437 } from './cp437.ts';
import { planeAddress, type TextLayout } from './vga-layout.ts';

/** What is written on a text screen. Who waits for a word asks after every slice: rows are made when they change. */
export class ScreenText {
  #rows: string[] = [];
  /** The characters that a row was made of. */
  #codes: Uint8Array[] = [];

  /** One string per row of characters; the same array while nothing changes. */
  read({ bands, columns, addressing }: TextLayout, planes: Uint32Array): readonly string[] {
    let changed = bands.length !== this.#rows.length;
    const rows = bands.map(({ address }, r) => {
      let codes = this.#codes[r];
      let same = codes?.length === columns;
      if (!same) this.#codes[r] = codes = new Uint8Array(columns);
      for (let column = 0; column < columns; column++) {
        const code = planes[planeAddress(addressing, address + column, 0)] & 0xff;
        if (codes[column] === code) continue;
        codes[column] = code;
        same = false;
      }
      if (same) return this.#rows[r];
      changed = true;
      return Array.from(codes, (code) => cp437[code]).join('');
    });
    this.#codes.length = bands.length;
    if (changed) this.#rows = rows;
    return this.#rows;
  }
}
