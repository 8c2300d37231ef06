/**
 * Places in an image's file that its guest gave up. The tables in the file refer to them until the next flush: before it
 * they are not used again, or a crash would show another block's data there.
 */
export class FreePlaces {
  #ready: number[] = [];
  #waiting: number[] = [];

  get isEmpty(): boolean {
    return this.#ready.length === 0 && this.#waiting.length === 0;
  }

  /** Some would be there to take after a flush. */
  get wantsFlush(): boolean {
    return this.#ready.length === 0 && this.#waiting.length > 0;
  }

  release(place: number): void {
    this.#waiting.push(place);
  }

  take(): number | undefined {
    return this.#ready.pop();
  }

  /** The tables are on stable storage. */
  flushed(): void {
    for (const place of this.#waiting) this.#ready.push(place);
    this.#waiting = [];
  }

  clear(): void {
    this.#ready = [];
    this.#waiting = [];
  }
}
