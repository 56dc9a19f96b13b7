/** PFADD, PFCOUNT, PFMERGE and their debugging companions. The structure is in structures/hyperloglog.ts. */
import type { Bytes } from '../../bytes/bytes.ts'
import { normalizeInt } from '../../bytes/numbers.ts'
import type { Obj } from '../../objects/object.ts'
import { createSdsObject, stringBytes, unshareString } from '../../objects/string.ts'
import { OK, type Reply, status } from '../../protocol/reply.ts'
import {
  createHll,
  denseFill,
  denseGet,
  HLL_DENSE,
  HLL_REGISTERS,
  HLL_SPARSE,
  hllAdd,
  hllCached,
  hllCount,
  hllCountRaw,
  hllEncoding,
  hllInvalidate,
  hllMergeInto,
  hllSet,
  hllSetCached,
  hllToDense,
  isHll,
  sparseRuns,
} from '../../structures/hyperloglog.ts'
import { Sds } from '../../structures/sds.ts'
import { fail } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { selfTest } from './self-test.ts'

const CORRUPTED = 'INVALIDOBJ Corrupted HLL object detected'

/** isHLLObjectOrReply. */
function check(o: Obj): void {
  if (o.encoding === 'int' || !isHll(o.value instanceof Sds ? o.value : stringBytes(o)))
    fail('WRONGTYPE Key is not a valid HyperLogLog string value.')
}
const bytesOf = (o: Obj): Uint8Array => (o.value instanceof Sds ? o.value : new Sds(stringBytes(o))).view()

function forWriting(c: CommandContext, key: Bytes): { sds: Sds; created: boolean } {
  const o = c.lookupWriteOf(key, 'string')
  if (o) {
    check(o)
    return { sds: unshareString(o), created: false }
  }
  const sds = createHll()
  c.add(key, createSdsObject(sds))
  return { sds, created: true }
}

const pfadd: Handler = (c, argv) => {
  const key = argv[1]!
  const { sds, created } = forWriting(c, key)
  let updated = created ? 1 : 0
  for (let i = 2; i < argv.length; i++) {
    const grown = hllAdd(sds, argv[i]!, c.config.hllSparseMaxBytes)
    if (grown === null) fail(CORRUPTED)
    if (grown) updated++
  }
  if (updated === 0) return 0
  hllInvalidate(sds)
  c.signalModified(key)
  c.notify('$', 'pfadd', key)
  c.dirty(updated)
  return 1
}

/** The registers of the union of these keys, and whether one of them is dense. */
function union(c: CommandContext, keys: readonly Bytes[]): { max: Uint8Array; dense: boolean } {
  const max = new Uint8Array(HLL_REGISTERS)
  let dense = false
  for (const key of keys) {
    const o = c.lookupReadOf(key, 'string')
    if (!o) continue
    check(o)
    const value = bytesOf(o)
    if (value[4] === HLL_DENSE) dense = true
    if (!hllMergeInto(max, value)) fail(CORRUPTED)
    c.work(HLL_REGISTERS / 1000)
  }
  return { max, dense }
}
const pfcount: Handler = (c, argv) => {
  if (argv.length > 2) return normalizeInt(hllCountRaw(union(c, argv.slice(1)).max))
  const key = argv[1]!
  const o = c.lookupReadOf(key, 'string')
  if (!o) return 0
  check(o)
  const sds = unshareString(o)
  const cached = hllCached(sds)
  if (cached !== null) return normalizeInt(cached)
  const n = hllCount(sds.view())
  if (n === null) return fail(CORRUPTED)
  c.work(HLL_REGISTERS / 1000)
  // The count is kept in the value: a change, though of a command that only reads.
  c.db.snapshot?.beforeChange(c.db, key)
  hllSetCached(sds, n)
  c.signalModified(key)
  c.dirty()
  return normalizeInt(n)
}
const pfmerge: Handler = (c, argv) => {
  const key = argv[1]!
  const { max, dense } = union(c, argv.slice(1))
  const { sds } = forWriting(c, key)
  if (dense && !hllToDense(sds)) fail(CORRUPTED)
  // The union holds the destination's own registers, so none of them shrinks.
  for (let i = 0; i < HLL_REGISTERS; i++) {
    if (hllEncoding(sds) === HLL_DENSE) {
      denseFill(sds.view(), max)
      break
    }
    if (max[i] !== 0) hllSet(sds, i, max[i]!, c.config.hllSparseMaxBytes)
  }
  hllInvalidate(sds)
  c.signalModified(key)
  c.notify('$', 'pfadd', key)
  c.dirty()
  return OK
}

const decode = (sds: Sds): Bytes =>
  [...sparseRuns(sds.view())]
    .map((r) => (r.kind === 'val' ? `v:${r.value},${r.run}` : `${r.kind === 'zero' ? 'z' : 'Z'}:${r.run}`))
    .join(' ')

const pfdebug: Handler = (c, argv): Reply => {
  const name = argv[1]!
  const word = name.toLowerCase()
  const o = c.lookupWriteOf(argv[2]!, 'string')
  if (!o) return fail('ERR The specified key does not exist')
  check(o)
  const sds = unshareString(o)
  if (!['getreg', 'decode', 'encoding', 'todense'].includes(word)) fail(`ERR Unknown PFDEBUG subcommand '${name}'`)
  if (argv.length !== 3) fail(`ERR Wrong number of arguments for the '${name}' subcommand`)
  const sparse = hllEncoding(sds) === HLL_SPARSE
  if (word === 'encoding') return status(sparse ? 'sparse' : 'dense')
  if (word === 'decode') return sparse ? decode(sds) : fail('ERR HLL encoding is not sparse')
  if (sparse) {
    if (!hllToDense(sds)) fail(CORRUPTED)
    c.dirty()
  }
  if (word === 'todense') return sparse ? 1 : 0
  const value = sds.view()
  return Array.from({ length: HLL_REGISTERS }, (_, i) => denseGet(value, i))
}

export const hyperloglogCommands: readonly CommandImpl[] = [
  { name: 'pfadd', handler: pfadd },
  { name: 'pfcount', handler: pfcount },
  { name: 'pfmerge', handler: pfmerge },
  { name: 'pfdebug', handler: pfdebug },
  {
    name: 'pfselftest',
    handler: (c) => {
      const wrong = selfTest(c.rng, c.config.hllSparseMaxBytes)
      return wrong === null ? OK : fail(wrong)
    },
  },
]
