/**
 * All keys of a load, each once: written before it begins, or asked for to see how many are still found. Some are always on
 * their way, so that it takes as long as a program with a pipeline takes.
 */
export const SWEEP_IN_FLIGHT = 32

export class Sweep {
  readonly kind: 'SET' | 'GET'
  readonly keys: number
  private next = 0
  private inFlight = 0
  done = 0
  /** Answered, and there. */
  found = 0

  constructor(kind: 'SET' | 'GET', keys: number) {
    this.kind = kind
    this.keys = keys
  }
  get over(): boolean {
    return this.done >= this.keys
  }
  /** Numbers of the keys that are to be sent now. */
  *take(): Iterable<number> {
    while (this.inFlight < SWEEP_IN_FLIGHT && this.next < this.keys) {
      this.inFlight++
      yield this.next++
    }
  }
  answered(found: boolean): void {
    this.inFlight--
    this.done++
    if (found) this.found++
  }
}
