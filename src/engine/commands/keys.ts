/**
 * Which arguments are keys. Most commands say it with a range (first, last, step); others with "numkeys at argument n";
 * a few need a look at their options (SORT ... STORE, MIGRATE ... KEYS, XREAD ... STREAMS).
 */
import type { Bytes } from '../bytes/bytes.ts'
import type { Command, KeySpec } from './table.ts'

export interface KeyReference {
  readonly index: number
  /** The key spec's flags: "RO" | "RW" | "OW" | "RM", "access", "update", "insert", "delete" … */
  readonly flags: readonly string[]
}

/** Undefined when the arguments don't fit the specs ("Invalid arguments specified for command"). */
export function getKeysFromCommand(command: Command, argv: readonly Bytes[]): KeyReference[] | undefined {
  if (command.name === 'migrate') return migrateKeys(command, argv)
  const out: KeyReference[] = []
  for (const spec of command.facts.keySpecs) {
    if (spec.flags.includes('not_key')) continue
    if (!resolve(spec, argv, out))
      return command.name.startsWith('georadius') ? geoRadiusKeys(argv) : countedKeys(command, argv)
  }
  if (command.name === 'sort') sortStore(argv, out)
  else if (command.name === 'set' || command.name === 'bitfield') return exactFlags(command.name, argv)
  return out
}

/** Variable flags: what these do to their key depends on their options. */
function exactFlags(name: 'set' | 'bitfield', argv: readonly Bytes[]): KeyReference[] {
  if (name === 'set') {
    const reads = argv.some((a, i) => i > 2 && a.toLowerCase() === 'get')
    return [{ index: 1, flags: reads ? ['RW', 'access', 'update'] : ['OW', 'update'] }]
  }
  const flags = bitfieldOnlyReads(argv) ? ['RO', 'access'] : ['RW', 'access', 'update']
  return [{ index: 1, flags }]
}
function bitfieldOnlyReads(argv: readonly Bytes[]): boolean {
  for (let i = 2; i < argv.length; i++) {
    const op = argv[i]?.toLowerCase()
    const left = argv.length - i - 1
    if (op === 'get' && left >= 2) i += 2
    else if (op === 'overflow' && left >= 1) i++
    else return false
  }
  return true
}

const num = (v: unknown): number => (typeof v === 'number' ? v : 0)

function resolve(spec: KeySpec, argv: readonly Bytes[], out: KeyReference[]): boolean {
  const begin = spec.begin_search
  let first: number
  if (begin.type === 'index') first = num(begin.spec.index)
  else if (begin.type === 'keyword') {
    const word = String(begin.spec.keyword).toLowerCase()
    const from = num(begin.spec.startfrom)
    first = -1
    if (from > 0) {
      for (let i = from; i < argv.length && first < 0; i++) if (argv[i]?.toLowerCase() === word) first = i + 1
    } else {
      for (let i = argv.length + from; i > 0 && first < 0; i--) if (argv[i]?.toLowerCase() === word) first = i + 1
    }
    if (first < 0) return true
  } else return true
  const find = spec.find_keys
  let last: number
  let step = 1
  if (find.type === 'range') {
    step = num(find.spec.keystep) || 1
    const lastkey = num(find.spec.lastkey)
    const limit = num(find.spec.limit)
    if (lastkey >= 0) last = first + lastkey
    else if (limit <= 1) last = argv.length + lastkey
    else last = first + Math.floor((argv.length - first) / limit + lastkey)
    if (last < first) return false
  } else if (find.type === 'keynum') {
    step = num(find.spec.keystep) || 1
    const at = first + num(find.spec.keynumidx)
    const count = Number(argv[at])
    if (at >= argv.length || !/^-?\d+$/.test(argv[at] ?? '') || count < 1) return false
    first += num(find.spec.firstkey)
    last = first + (count - 1) * step
  } else return true
  if (last >= argv.length) return false
  for (let i = first; i <= last; i += step) out.push({ index: i, flags: spec.flags })
  return true
}

/**
 * genericGetKeys, asked where the specs fail: the count is read as atoi reads it, and what the keys are used for is not told.
 * Undefined when the count fits no arguments.
 */
function countedKeys(command: Command, argv: readonly Bytes[]): KeyReference[] | undefined {
  const spec = command.facts.keySpecs.find((k) => k.find_keys.type === 'keynum' && k.begin_search.type === 'index')
  if (spec === undefined) return undefined
  const at = num(spec.begin_search.spec.index)
  const first = at + num(spec.find_keys.spec.firstkey)
  const count = Number.parseInt(argv[at] ?? '', 10)
  if (!(count >= 1) || count > argv.length - first) return undefined
  const keys = Array.from({ length: count }, (_, i) => ({ index: first + i, flags: [] }))
  return at === 2 && command.name.endsWith('store') ? [...keys, { index: 1, flags: [] }] : keys
}
/** georadiusGetKeys: a STORE that names nothing is overlooked. */
function geoRadiusKeys(argv: readonly Bytes[]): KeyReference[] {
  const out: KeyReference[] = [{ index: 1, flags: ['RO', 'access'] }]
  let store = -1
  for (let i = 5; i + 1 < argv.length; i++) if (/^store(dist)?$/i.test(argv[i]!)) store = ++i
  return store === -1 ? out : [...out, { index: store, flags: ['OW', 'update'] }]
}
/** The key at its place, or with KEYS all that follows. */
function migrateKeys(command: Command, argv: readonly Bytes[]): KeyReference[] {
  const flags = command.facts.keySpecs[0]?.flags ?? []
  const words = argv.findIndex((a, i) => i >= 6 && i + 1 < argv.length && a.toLowerCase() === 'keys')
  if (words === -1 || argv[3] !== '') return [{ index: 3, flags }]
  return argv.slice(words + 1).map((_, i) => ({ index: words + 1 + i, flags }))
}
function sortStore(argv: readonly Bytes[], out: KeyReference[]): void {
  let store = -1
  for (let i = 2; i < argv.length; i++) {
    const w = argv[i]?.toLowerCase()
    if (w === 'limit') i += 2
    else if (w === 'get' || w === 'by') i += 1
    else if (w === 'store' && i + 1 < argv.length) store = i + 1
  }
  if (store > 0 && !out.some((k) => k.index === store)) out.push({ index: store, flags: ['OW', 'update'] })
}
