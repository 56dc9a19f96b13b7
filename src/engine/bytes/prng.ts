/**
 * The one source of randomness in a process: sfc32, seeded from the process's 32-bit seed. Small, fast, and the same in
 * every host. Nothing in the engine draws from anywhere else.
 */
import type { Bytes } from './bytes.ts'

export class Prng {
  private a: number
  private b: number
  private c: number
  private counter = 1
  constructor(seed32: number) {
    // Spread the seed by a splitmix step for each word, so that near seeds give unrelated streams.
    let x = seed32 | 0
    const word = (): number => {
      x = (x + 0x9e3779b9) | 0
      let z = x
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      return z ^ (z >>> 15)
    }
    this.a = word()
    this.b = word()
    this.c = word()
    for (let i = 0; i < 12; i++) this.next()
  }
  /** 0 .. 2^32 - 1 */
  next(): number {
    const t = (this.a + this.b + this.counter) | 0
    this.counter = (this.counter + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = (((this.c << 21) | (this.c >>> 11)) + t) | 0
    return t >>> 0
  }
  /** 0 .. n - 1, for n up to 2^53. */
  below(n: number): number {
    return Math.floor(this.float() * n)
  }
  /** [0, 1) with 53 bits. */
  float(): number {
    return ((this.next() >>> 5) * 67108864 + (this.next() >>> 6)) / 9007199254740992
  }
  bytes(n: number): Bytes {
    let s = ''
    for (let i = 0; i < n; i++) s += String.fromCharCode(this.next() >>> 24)
    return s
  }
  /** n lower-case hexadecimal digits: a runid is hex(40). */
  hex(n: number): string {
    let s = ''
    for (let i = 0; i < n; i++) s += '0123456789abcdef'[this.next() >>> 28]
    return s
  }
}
