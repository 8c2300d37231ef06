import type { Block } from '../../backends/index.ts';
import {
  FLOPPY_MAX_CYLINDERS,
  FLOPPY_SECTOR_BYTES,
  floppyGeometry,
  type FloppyDriveType,
  type FloppyGeometry,
} from './floppy-geometry.ts';
import { DELETED_MARK_BYTES, type DriveState } from './i82077-state.ts';

/** One drive and what is in it. The head and the disk-change latch are in the controller's state, the medium is not. */
export class FloppyUnit {
  readonly type: FloppyDriveType | undefined;
  readonly #state: () => DriveState;
  #medium: Block | undefined;
  #geometry: FloppyGeometry | undefined;

  /** `type` undefined: no drive is connected. */
  constructor(type: FloppyDriveType | undefined, state: () => DriveState, medium: Block | undefined) {
    this.type = type;
    this.#state = state;
    this.#place(medium);
  }

  get connected(): boolean {
    return this.type !== undefined;
  }

  get medium(): Block | undefined {
    return this.#medium;
  }

  get geometry(): FloppyGeometry | undefined {
    return this.#geometry;
  }

  /** Exchanges the medium (undefined: takes it out). One that is no floppy by its size reads as unformatted. */
  insert(medium: Block | undefined): void {
    this.#place(medium);
    const s = this.#state();
    s.diskChanged = true;
    s.exchanged = true;
    s.deleted.fill(0);
  }

  /** True once after the medium was exchanged: for firmware that goes past the controller. */
  takeChanged(): boolean {
    const s = this.#state();
    const changed = s.exchanged;
    s.exchanged = false;
    return changed;
  }

  #place(medium: Block | undefined): void {
    this.#medium = this.connected ? medium : undefined;
    this.#geometry = this.#medium && floppyGeometry(this.#medium.sizeBytes);
  }

  /** Moves the head; a step with a disk in the drive clears the disk-change latch. */
  step(steps: number, outward: boolean): void {
    const s = this.#state();
    if (!this.connected || steps === 0) return;
    s.track = outward ? Math.max(0, s.track - steps) : Math.min(FLOPPY_MAX_CYLINDERS - 1, s.track + steps);
    if (this.#medium) s.diskChanged = false;
  }

  get atTrack0(): boolean {
    return this.connected && this.#state().track === 0;
  }

  /** The formatted cylinder under the head: a 1.2M drive makes two steps for each of a 40-cylinder disk. */
  get cylinder(): number | undefined {
    const g = this.#geometry;
    if (!g) return undefined;
    const { track } = this.#state();
    const stepsPerCylinder = this.type === '1.2M' && g.cylinders === 40 ? 2 : 1;
    const cylinder = track / stepsPerCylinder;
    return Number.isInteger(cylinder) && cylinder < g.cylinders ? cylinder : undefined;
  }

  /** Sector number from the start of the image; the cylinder is the one under the head. */
  sectorNumber(head: number, r: number): number {
    const g = this.#geometry!;
    return (this.cylinder! * g.heads + head) * g.sectors + r - 1;
  }

  /** Past the end of a short image there are zeros. Throws BlockIoError. */
  read(sector: number, target: Uint8Array): void {
    const medium = this.#medium!;
    const offsetBytes = sector * FLOPPY_SECTOR_BYTES;
    const present = Math.max(0, Math.min(target.length, medium.sizeBytes - offsetBytes));
    target.fill(0);
    if (present > 0) medium.read(offsetBytes, target.subarray(0, present));
  }

  /** False when the sector lies past the end of a short image. Throws BlockIoError. */
  write(sector: number, data: Uint8Array, deleted: boolean): boolean {
    const medium = this.#medium!;
    const offsetBytes = sector * FLOPPY_SECTOR_BYTES;
    if (offsetBytes + data.length > medium.sizeBytes) return false;
    medium.write(offsetBytes, data);
    const marks = this.#state().deleted;
    const at = (sector >> 3) % DELETED_MARK_BYTES;
    if (deleted) marks[at] |= 1 << (sector & 7);
    else marks[at] &= ~(1 << (sector & 7));
    return true;
  }

  isDeleted(sector: number): boolean {
    return ((this.#state().deleted[(sector >> 3) % DELETED_MARK_BYTES] >> (sector & 7)) & 1) === 1;
  }
}
