/** The closed form of i8254-counter.ts against a counter that is clocked tick by tick, as the datasheet draws it. */
import { expect, test } from 'vitest';
import { advance, ManualClock, TimerQueue, unconnected } from '../../bus/index.ts';
import { I8254Pit } from './i8254.ts';
import { pitTickNs } from './pit-clock.ts';

/** One counter: control words, whole counts, GATE, and CLK. Binary counting only. */
class ClockedCounter {
  mode = 0;
  gate = true;
  out = false;
  element: number | undefined;
  #register = 0;
  #loaded = 0;
  #written = false;
  #loadNext = false;
  #counting = false;
  /** Modes 0, 1, 4, 5: the terminal count is still to come. */
  #armed = false;

  control(mode: number): void {
    this.mode = mode;
    this.out = mode !== 0;
    this.#written = this.#loadNext = this.#counting = this.#armed = false;
  }

  write(count: number): void {
    this.#register = count;
    const first = !this.#written;
    this.#written = true;
    if (this.mode === 0) {
      this.out = false;
      this.#counting = this.#armed = false;
    }
    if (this.mode === 0 || this.mode === 4) this.#loadNext = true;
    if ((this.mode === 2 || this.mode === 3) && first) this.#loadNext = true;
  }

  setGate(level: boolean): void {
    const rose = level && !this.gate;
    this.gate = level;
    if (this.mode === 2 || this.mode === 3) {
      if (!level) {
        this.out = true;
        if (this.#counting) this.#loadNext = false;
      }
      if (rose && this.#written) this.#loadNext = true;
    }
    if ((this.mode === 1 || this.mode === 5) && rose && this.#written) this.#loadNext = true;
    // The strobe of mode 4 ends with GATE: the deviation that the counter's header names.
    if (this.mode === 4 && !level && this.element === 0) this.out = true;
  }

  clock(): void {
    if (this.#loadNext) {
      this.#loadNext = false;
      this.#reload();
      this.#counting = this.#armed = true;
      this.out = this.mode !== 0 && this.mode !== 1;
      return;
    }
    const suspended = !this.gate && this.mode !== 1 && this.mode !== 5;
    if (!this.#counting || suspended) return;
    if (this.mode === 2) this.#clockRate();
    else if (this.mode === 3) this.#clockSquare();
    else this.#clockOnce();
  }

  #reload(): void {
    this.#loaded = this.#register;
    this.element = this.mode === 3 ? this.#loaded & ~1 : this.#loaded;
  }

  #clockRate(): void {
    if (this.element === 1) {
      this.#reload();
      this.out = true;
    } else this.element!--;
    if (this.element === 1) this.out = false;
  }

  #clockSquare(): void {
    const odd = this.#loaded % 2 === 1;
    // An odd count's high half lasts one CLK past zero.
    if (this.element === (odd && this.out ? 0 : 2)) {
      this.out = !this.out;
      this.#reload();
    } else this.element! -= 2;
  }

  #clockOnce(): void {
    this.element = (this.element! - 1) & 0xffff;
    if (this.mode >= 4) this.out = true;
    if (this.element !== 0 || !this.#armed) return;
    this.#armed = false;
    this.out = this.mode < 4;
  }
}

/** Linear congruential: the same sequence for a seed. */
function chance(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % bound;
  };
}

test.each([0, 1, 2, 3, 4, 5])('mode %i does on every tick what a clocked counter does', (mode) => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = chance(seed);
    const clock = new ManualClock();
    const timers = new TimerQueue(clock);
    const pit = new I8254Pit('pit', timers, unconnected);
    const model = new ClockedCounter();
    const done: string[] = [`seed ${seed}`];
    pit.setGate2(true);
    pit.ioWrite(0, 3, 1, 0xb0 | (mode << 1));
    model.control(mode);

    for (let tick = 1; tick < 120; tick++) {
      const what = random(10);
      if (what === 0 || tick === 1) {
        const count = 2 + random(12);
        done.push(`${tick}: count ${count}`);
        pit.ioWrite(0, 2, 1, count);
        pit.ioWrite(0, 2, 1, 0);
        model.write(count);
      } else if (what === 1) {
        done.push(`${tick}: gate ${!model.gate}`);
        model.setGate(!model.gate);
        pit.setGate2(model.gate);
      }
      expect(pit.out2, `OUT after ${done.join(', ')}`).toBe(model.out);
      advance(clock, timers, pitTickNs(tick));
      model.clock();

      expect(pit.out2, `OUT at ${tick}; ${done.join(', ')}`).toBe(model.out);
      pit.ioWrite(0, 3, 1, 0x80);
      const element = pit.ioRead(0, 2, 1) | (pit.ioRead(0, 2, 1) << 8);
      if (model.element !== undefined) expect(element, `count at ${tick}; ${done.join(', ')}`).toBe(model.element);
    }
  }
});
