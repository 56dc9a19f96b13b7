/** COMMAND and its family: the table speaks for itself, in the shapes that clients and redis-cli expect. */
import type { Bytes } from '../../bytes/bytes.ts'
import { globMatch } from '../../bytes/glob.ts'
import { map, type Reply, set, status } from '../../protocol/reply.ts'
import { fail, syntaxError } from '../args.ts'
import type { CommandImpl } from '../command.ts'
import facts from '../facts.json' with { type: 'json' }
import { help } from './config.ts'

interface Fact {
  readonly arity: number
  readonly flags: readonly string[]
  readonly firstKey: number
  readonly lastKey: number
  readonly step: number
  readonly acl: readonly string[]
  readonly tips: readonly string[]
  readonly keySpecs: readonly KeySpec[]
  readonly [doc: string]: unknown
}
interface KeySpec {
  readonly flags: readonly string[]
  readonly begin_search: { readonly type: string; readonly spec: Readonly<Record<string, number | string>> }
  readonly find_keys: { readonly type: string; readonly spec: Readonly<Record<string, number>> }
}
const table = facts as unknown as Readonly<Record<string, Fact>>
const names = Object.keys(table)
const top = names.filter((n) => !n.includes('|'))
const find = (name: Bytes): Fact | undefined => (Object.hasOwn(table, name.toLowerCase()) ? table[name.toLowerCase()] : undefined)
const subcommandsOf = (name: string): string[] => names.filter((n) => n.startsWith(`${name}|`))

function info(name: string): Reply {
  const f = find(name)
  if (!f) return { t: 'nullArray' }
  const shape = (v: unknown, key = ''): Reply => {
    if (Array.isArray(v)) return key === 'flags' ? set(v.map((x) => status(String(x)))) : v.map((x) => shape(x))
    if (v !== null && typeof v === 'object') return map(Object.entries(v).flatMap(([k, x]): Reply[] => [k, shape(x, k)]))
    return v as Reply
  }
  const words = (list: readonly string[]): Reply => set(list.map((w) => status(w)))
  return [
    name.toLowerCase(), f.arity, words(f.flags), f.firstKey, f.lastKey, f.step, words(f.acl), f.tips,
    f.keySpecs.map((k) => shape(k)), subcommandsOf(name.toLowerCase()).map(info),
  ]
}

const DOC_FIELDS = ['summary', 'since', 'group', 'complexity', 'module', 'doc_flags', 'deprecated_since', 'replaced_by', 'history', 'arguments'] as const

function argument(a: Readonly<Record<string, unknown>>): Reply {
  return map(Object.entries(a).flatMap(([k, v]): Reply[] => {
    if (k === 'arguments') return [k, (v as Readonly<Record<string, unknown>>[]).map(argument)]
    if (k === 'flags') return [k, set((v as string[]).map((x) => status(x)))]
    return [k, v as Reply]
  }))
}
function doc(name: string): Reply {
  const f = table[name]
  if (!f) return null
  const pairs: Reply[] = []
  for (const field of DOC_FIELDS) {
    const v = f[field]
    if (v === undefined) continue
    pairs.push(field)
    if (field === 'arguments') pairs.push((v as Readonly<Record<string, unknown>>[]).map(argument))
    else if (field === 'doc_flags') pairs.push(set((v as string[]).map((x) => status(x))))
    else if (field === 'history') pairs.push(set(v as Reply[]))
    else pairs.push(v as Reply)
  }
  const subs = subcommandsOf(name)
  if (subs.length > 0) pairs.push('subcommands', map(subs.flatMap((s) => [s, doc(s)])))
  return map(pairs)
}

function list(argv: readonly Bytes[]): Reply {
  if (argv.length === 2) return set(top)
  if ((argv[2] ?? '').toLowerCase() !== 'filterby' || argv.length !== 5) syntaxError()
  const by = (argv[3] ?? '').toLowerCase()
  const value = argv[4] ?? ''
  if (by === 'module') return set([])
  if (by === 'aclcat') return set(names.filter((n) => table[n]?.acl.includes(`@${value.toLowerCase()}`)))
  if (by === 'pattern') return set(names.filter((n) => globMatch(value, n, true)))
  return syntaxError()
}

/** Key positions by the key specs: where to begin, then how far. */
export function keysOf(f: Fact, argv: readonly Bytes[]): { key: Bytes; flags: readonly string[] }[] {
  const out: { key: Bytes; flags: readonly string[] }[] = []
  for (const k of f.keySpecs) {
    let first = 0
    const begin = k.begin_search.spec
    if (k.begin_search.type === 'index') first = Number(begin['index'])
    else if (k.begin_search.type === 'keyword') {
      const from = Number(begin['startfrom'])
      const word = String(begin['keyword']).toLowerCase()
      const step = from > 0 ? 1 : -1
      for (let i = from > 0 ? from : argv.length + from; i > 0 && i < argv.length; i += step) {
        if ((argv[i] ?? '').toLowerCase() === word) {
          first = i + 1
          break
        }
      }
    }
    if (first === 0 || first >= argv.length) continue
    const spec = k.find_keys.spec
    let last = first
    let step = spec['keystep'] ?? 1
    if (k.find_keys.type === 'range') {
      const lastkey = spec['lastkey'] ?? 0
      const limit = spec['limit'] ?? 0
      if (lastkey >= 0) last = first + lastkey
      else if (limit <= 1) last = argv.length + lastkey
      else last = first + Math.floor((argv.length - first) / limit) + lastkey
    } else if (k.find_keys.type === 'keynum') {
      const n = Number(argv[first + (spec['keynumidx'] ?? 0)])
      if (!Number.isInteger(n) || n < 0) fail('ERR Invalid arguments specified for command')
      first += spec['firstkey'] ?? 0
      last = first + (n - 1) * step
    } else step = 1
    for (let i = first; i <= last && i < argv.length; i += step) {
      const variable = k.flags.includes('variable_flags') && argv[0]?.toLowerCase() === 'set'
      const flags = !variable ? k.flags : argv.some((a, j) => j > 2 && a.toLowerCase() === 'get') ? ['RW', 'access', 'update'] : ['OW', 'update']
      out.push({ key: argv[i] ?? '', flags })
    }
  }
  return out
}

function getKeys(argv: readonly Bytes[], withFlags: boolean): Reply {
  const inner = argv.slice(2)
  const name = (inner[0] ?? '').toLowerCase()
  const f = find(`${name}|${(inner[1] ?? '').toLowerCase()}`) ?? find(name)
  if (!f) return fail('ERR Invalid command specified')
  if (f.keySpecs.length === 0) fail('ERR The command has no key arguments')
  if ((f.arity > 0 && f.arity !== inner.length) || inner.length < -f.arity) fail('ERR Invalid number of arguments specified for command')
  const keys = keysOf(f, inner)
  if (keys.length === 0) fail('ERR Invalid arguments specified for command')
  return keys.map((k) => (withFlags ? [k.key, set(k.flags.map((w) => status(w)))] : k.key))
}

export const commandCommands: readonly CommandImpl[] = [
  { name: 'command', handler: () => top.map(info) },
  { name: 'command|count', handler: () => top.length },
  { name: 'command|info', handler: (_, argv) => (argv.length === 2 ? top : argv.slice(2)).map(info) },
  {
    name: 'command|docs',
    handler: (_, argv) => {
      const asked = argv.length === 2 ? top : argv.slice(2).map((n) => n.toLowerCase()).filter((n) => find(n) !== undefined)
      return map(asked.flatMap((n) => [n, doc(n)]))
    },
  },
  { name: 'command|list', handler: (_, argv) => list(argv) },
  { name: 'command|getkeys', handler: (_, argv) => getKeys(argv, false) },
  { name: 'command|getkeysandflags', handler: (_, argv) => getKeys(argv, true) },
  { name: 'command|help', handler: () => help('command') },
]
