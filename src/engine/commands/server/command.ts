/** COMMAND and its family: the table speaks for itself, in the shapes that clients and redis-cli expect. */
import type { Bytes } from '../../bytes/bytes.ts'
import { globMatch } from '../../bytes/glob.ts'
import { map, type Reply, set, status } from '../../protocol/reply.ts'
import { fail, syntaxError } from '../args.ts'
import type { CommandContext, CommandImpl } from '../command.ts'
import { getKeysFromCommand } from '../keys.ts'
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
/** Commands that this server has, in the table's order. */
function namesOf(c: CommandContext): string[] {
  return Object.keys(table).filter((n) => c.server.table.byFullName(n) !== undefined)
}
const topOf = (c: CommandContext): string[] => [...c.server.table.byName.keys()]
const find = (c: CommandContext, name: Bytes): Fact | undefined =>
  c.server.table.byFullName(name)?.facts as Fact | undefined
const subcommandsOf = (c: CommandContext, name: string): string[] =>
  [...(c.server.table.byFullName(name)?.subcommands?.values() ?? [])].map((s) => s.name)

function info(c: CommandContext, name: string): Reply {
  const f = find(c, name)
  if (!f) return null
  const shape = (v: unknown, key = ''): Reply => {
    if (Array.isArray(v)) return key === 'flags' ? set(v.map((x) => status(String(x)))) : v.map((x) => shape(x))
    if (v !== null && typeof v === 'object')
      return map(Object.entries(v).flatMap(([k, x]): Reply[] => [k, shape(x, k)]))
    return v as Reply
  }
  const subs = subcommandsOf(c, name.toLowerCase())
  const words = (list: readonly string[]): Reply => set(list.map((w) => status(w)))
  return [
    name.toLowerCase(),
    f.arity,
    words(f.flags.filter((w) => w !== 'sentinel' && w !== 'only_sentinel')),
    f.firstKey,
    f.lastKey,
    f.step,
    words(f.acl),
    set(f.tips),
    set(f.keySpecs.map((k) => shape(k))),
    subs.length === 0 ? set([]) : subs.map((s) => info(c, s)),
  ]
}

const DOC_FIELDS = [
  'summary',
  'since',
  'group',
  'complexity',
  'module',
  'doc_flags',
  'deprecated_since',
  'replaced_by',
  'history',
  'arguments',
] as const

function argument(a: Readonly<Record<string, unknown>>): Reply {
  return map(
    Object.entries(a).flatMap(([k, v]): Reply[] => {
      if (k === 'arguments') return [k, (v as Readonly<Record<string, unknown>>[]).map(argument)]
      if (k === 'flags') return [k, set((v as string[]).map((x) => status(x)))]
      return [k, v as Reply]
    }),
  )
}
function doc(c: CommandContext, name: string): Reply {
  const f = find(c, name)
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
  const subs = subcommandsOf(c, name)
  if (subs.length > 0) pairs.push('subcommands', map(subs.flatMap((s) => [s, doc(c, s)])))
  return map(pairs)
}

function list(c: CommandContext, argv: readonly Bytes[]): Reply {
  if (argv.length === 2) return set(topOf(c))
  if ((argv[2] ?? '').toLowerCase() !== 'filterby' || argv.length !== 5) syntaxError()
  const by = (argv[3] ?? '').toLowerCase()
  const value = argv[4] ?? ''
  const names = namesOf(c)
  if (by === 'module') return []
  if (by === 'aclcat') return names.filter((n) => table[n]?.acl.includes(`@${value.toLowerCase()}`))
  if (by === 'pattern') return names.filter((n) => globMatch(value, n, true))
  return syntaxError()
}

function getKeys(c: CommandContext, argv: readonly Bytes[], withFlags: boolean): Reply {
  const inner = argv.slice(2)
  const command = c.server.table.lookup(inner)
  if (!command) return fail('ERR Invalid command specified')
  if (command.facts.keySpecs.every((k) => k.flags.includes('not_key'))) fail('ERR The command has no key arguments')
  if ((command.arity > 0 && command.arity !== inner.length) || inner.length < -command.arity)
    fail('ERR Invalid number of arguments specified for command')
  const keys = getKeysFromCommand(command, inner)
  if (keys === undefined || keys.length === 0) {
    if (command.facts.flags.includes('no_mandatory_keys')) return []
    return fail('ERR Invalid arguments specified for command')
  }
  return keys.map(({ index, flags }) => {
    const key = inner[index] ?? ''
    if (!withFlags) return key
    // SET's flags depend on its options: with GET it also reads.
    const reads = inner.some((a, j) => j > 2 && a.toLowerCase() === 'get')
    const exact = command.name !== 'set' ? flags : reads ? ['RW', 'access', 'update'] : ['OW', 'update']
    return [key, set(exact.map((w) => status(w)))]
  })
}

export const commandCommands: readonly CommandImpl[] = [
  { name: 'command', handler: (c) => topOf(c).map((n) => info(c, n)) },
  { name: 'command|count', handler: (c) => topOf(c).length },
  { name: 'command|info', handler: (c, argv) => (argv.length === 2 ? topOf(c) : argv.slice(2)).map((n) => info(c, n)) },
  {
    name: 'command|docs',
    handler: (c, argv) => {
      const asked =
        argv.length === 2
          ? topOf(c)
          : argv
              .slice(2)
              .map((n) => n.toLowerCase())
              .filter((n) => find(c, n) !== undefined)
      return map(asked.flatMap((n) => [n, doc(c, n)]))
    },
  },
  { name: 'command|list', handler: (c, argv) => list(c, argv) },
  { name: 'command|getkeys', handler: (c, argv) => getKeys(c, argv, false) },
  { name: 'command|getkeysandflags', handler: (c, argv) => getKeys(c, argv, true) },
  { name: 'command|help', handler: () => help('command') },
]
