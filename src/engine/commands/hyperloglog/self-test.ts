/** PFSELFTEST: registers keep what is written to them, and the estimate is as good as it should be, in both encodings. */
import type { Prng } from '../../bytes/prng.ts'
import {
  createHll,
  denseGet,
  denseSet,
  HLL_DENSE_SIZE,
  HLL_REGISTERS,
  HLL_SPARSE,
  hllAdd,
  hllCount,
  hllEncoding,
  hllToDense,
} from '../../structures/hyperloglog.ts'

const CYCLES = 20
/** redis-server goes on to ten million; the bound on the error is the same at each power of ten. */
const LAST = 100_000

export function selfTest(rng: Prng, sparseMaxBytes: number): string | null {
  const u8 = new Uint8Array(HLL_DENSE_SIZE)
  const expected = new Uint8Array(HLL_REGISTERS)
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    for (let i = 0; i < HLL_REGISTERS; i++) {
      const value = rng.next() & 63
      if (value > expected[i]!) {
        expected[i] = value
        denseSet(u8, i, value)
      }
    }
    for (let i = 0; i < HLL_REGISTERS; i++)
      if (denseGet(u8, i) !== expected[i])
        return `ERR TESTFAILED Register ${i} should be ${expected[i]} but is ${denseGet(u8, i)}`
  }
  const dense = createHll()
  hllToDense(dense)
  const sparse = createHll()
  const salt = rng.hex(16)
  const relative = 1.04 / Math.sqrt(HLL_REGISTERS)
  let checkpoint = 1
  for (let n = 1; n <= LAST; n++) {
    const element = `${salt}${n}`
    hllAdd(dense, element, sparseMaxBytes)
    hllAdd(sparse, element, sparseMaxBytes)
    if (n !== checkpoint) continue
    if (n < sparseMaxBytes / 2 && hllEncoding(sparse) !== HLL_SPARSE) return 'ERR TESTFAILED sparse encoding not used'
    checkpoint *= 10
    const [a, b] = [hllCount(dense.view()), hllCount(sparse.view())]
    if (a !== b) return 'ERR TESTFAILED dense/sparse disagree'
    const error = Math.abs(n - Number(a))
    // For tiny sets a collision or two may be all there is.
    const limit = n === 10 ? 1 : Math.ceil(relative * 6 * n)
    if (error > limit) return `ERR TESTFAILED Too big error. card:${n} abserr:${error}`
  }
  return null
}
