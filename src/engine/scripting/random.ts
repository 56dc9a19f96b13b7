/**
 * math.random of scripts: a 48-bit linear congruence of its own, so that a script draws the same numbers on every machine
 * (it goes on from script to script, and only math.randomseed sets it).
 */
const A = 0x5deece66dn
const C = 11n
const MASK = (1n << 48n) - 1n

export class ScriptRandom {
  private state = 0x1234abcd330en

  seed(n: number): void {
    this.state = (BigInt(n >>> 0) << 16n) | 0x330en
  }
  /** 31 bits. */
  next(): number {
    this.state = (this.state * A + C) & MASK
    return Number(this.state >> 17n)
  }
}
