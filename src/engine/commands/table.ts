/**
 * The command table: the facts of `facts.json` joined with the handlers that exist. A row without a handler is not a command
 * of this server. Lookup is by the name as typed, which is nearly always lower or upper case; other spellings are lowered.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { RedisError } from '../protocol/reply.ts'
import type { CommandImpl, Handler } from './command.ts'
import { type CostAfter, type CostBefore, costsAfter, costsBefore } from './costs.ts'
import facts from './facts.json' with { type: 'json' }

export interface KeySpec {
  readonly flags: readonly string[]
  readonly begin_search: { readonly type: string; readonly spec: Readonly<Record<string, unknown>> }
  readonly find_keys: { readonly type: string; readonly spec: Readonly<Record<string, unknown>> }
  readonly notes?: string
}
export interface CommandFacts {
  readonly arity: number
  readonly flags: readonly string[]
  readonly acl: readonly string[]
  readonly tips: readonly string[]
  readonly keySpecs: readonly KeySpec[]
  readonly firstKey: number
  readonly lastKey: number
  readonly step: number
  readonly group: string
  readonly since?: string
  readonly summary?: string
  readonly complexity?: string
  readonly arguments?: readonly unknown[]
  readonly history?: readonly unknown[]
}
export const commandFacts = facts as unknown as Readonly<Record<string, CommandFacts>>

const isFirstArgument = ({ flags, begin_search: begin, find_keys: find }: KeySpec): boolean =>
  !flags.includes('not_key') &&
  begin.type === 'index' &&
  begin.spec['index'] === 1 &&
  find.type === 'range' &&
  find.spec['lastkey'] === 0

export class Command {
  /** "get", "config|get" */
  readonly name: string
  readonly facts: CommandFacts
  readonly handler: Handler
  readonly parent: Command | null
  readonly subcommands: Map<string, Command> | null
  readonly arity: number
  readonly isWrite: boolean
  readonly isReadonly: boolean
  readonly denyOom: boolean
  /** enable-debug-command or enable-module-command must allow it. */
  readonly protection: 'debug' | 'module' | null
  readonly isAdmin: boolean
  readonly noScript: boolean
  readonly loadingOk: boolean
  /** EVAL, FCALL and their kin. */
  readonly runsScript: boolean
  /** Answered while a script is busy. */
  readonly allowBusy: boolean
  readonly noAsyncLoading: boolean
  readonly staleOk: boolean
  readonly skipMonitor: boolean
  readonly skipSlowlog: boolean
  readonly noAuth: boolean
  readonly noMulti: boolean
  readonly isBlocking: boolean
  readonly mayReplicate: boolean
  readonly isPubsubOk: boolean
  /** May read a slot that is being imported without ASKING (RESTORE-ASKING). */
  readonly asks: boolean
  /** Whether a cluster has to look for keys in it. */
  readonly mayHaveKeys: boolean
  /** Its first argument is a key, and whatever follows none. */
  readonly hasOneKey: boolean
  /** Modelled cost that grows with the data (see costs.ts). */
  readonly costBefore: CostBefore | undefined
  readonly costAfter: CostAfter | undefined
  // commandstats
  calls = 0
  micros = 0
  rejectedCalls = 0
  failedCalls = 0
  /** Latency histogram (see latency.ts), for INFO latencystats and LATENCY HISTOGRAM. */
  latency: Map<number, number> | null = null

  constructor(name: string, f: CommandFacts, handler: Handler, parent: Command | null, hasSubcommands: boolean) {
    this.name = name
    this.facts = f
    this.handler = handler
    this.parent = parent
    this.subcommands = hasSubcommands ? new Map() : null
    this.arity = f.arity
    const has = (flag: string): boolean => f.flags.includes(flag)
    this.isWrite = has('write')
    this.isReadonly = has('readonly')
    this.denyOom = has('denyoom')
    this.protection = name === 'debug' ? 'debug' : /^module\|(load|unload)/.test(name) ? 'module' : null
    this.isAdmin = has('admin')
    this.noScript = has('noscript')
    this.loadingOk = has('loading')
    this.allowBusy = has('allow_busy')
    this.runsScript = /^(eval|evalsha|fcall)(_ro)?$/.test(name)
    this.noAsyncLoading = has('no_async_loading')
    this.staleOk = has('stale')
    this.skipMonitor = has('skip_monitor')
    this.skipSlowlog = has('skip_slowlog')
    this.noAuth = has('no_auth')
    this.noMulti = has('no_multi')
    this.isBlocking = has('blocking')
    this.mayReplicate =
      has('may_replicate') || ['publish', 'spublish', 'eval', 'evalsha', 'fcall', 'pfcount'].includes(name)
    this.costBefore = costsBefore.get(name)
    this.costAfter = costsAfter.get(name)
    this.asks = has('asking')
    this.mayHaveKeys = has('movablekeys') || f.keySpecs.length > 0
    this.hasOneKey = !has('movablekeys') && f.keySpecs.length === 1 && isFirstArgument(f.keySpecs[0] as KeySpec)
    this.isPubsubOk = [
      'ping',
      'subscribe',
      'ssubscribe',
      'psubscribe',
      'unsubscribe',
      'sunsubscribe',
      'punsubscribe',
      'quit',
      'reset',
    ].includes(name)
  }
  /** Times that CONFIG RESETSTAT forgets. */
  resetStats(): void {
    this.calls = this.micros = this.rejectedCalls = this.failedCalls = 0
    this.latency = null
  }
  get sentinelOnly(): boolean {
    return this.name.startsWith('sentinel')
  }
}

/** SENTINEL is not in a server's table; its facts are the same for every subcommand but arity. */
const sentinelArity: Readonly<Record<string, number>> = {
  sentinel: -2,
  'sentinel|ckquorum': 3,
  'sentinel|config': -3,
  'sentinel|debug': -2,
  'sentinel|failover': 3,
  'sentinel|flushconfig': 2,
  'sentinel|get-master-addr-by-name': 3,
  'sentinel|help': 2,
  'sentinel|info-cache': -3,
  'sentinel|is-master-down-by-addr': 6,
  'sentinel|master': 3,
  'sentinel|masters': 2,
  'sentinel|monitor': 6,
  'sentinel|myid': 2,
  'sentinel|pending-scripts': 2,
  'sentinel|remove': 3,
  'sentinel|replicas': 3,
  'sentinel|reset': 3,
  'sentinel|sentinels': 3,
  'sentinel|set': -5,
  'sentinel|simulate-failure': -3,
  'sentinel|slaves': 3,
}
function sentinelFacts(name: string): CommandFacts | undefined {
  const arity = sentinelArity[name]
  if (arity === undefined) return undefined
  const help = name === 'sentinel|help'
  const acl = help ? ['@slow'] : ['@admin', '@slow', '@dangerous']
  const flags = [...(help ? ['loading', 'stale'] : ['admin']), 'sentinel', 'only_sentinel']
  return {
    arity,
    flags,
    acl,
    tips: [],
    keySpecs: [],
    firstKey: 0,
    lastKey: 0,
    step: 0,
    group: 'sentinel',
    since: '2.8.4',
    summary: '',
    complexity: '',
  }
}

/** Commands that a Sentinel answers (CMD_SENTINEL). */
const SENTINEL_COMMANDS = new Set([
  'ping',
  'sentinel',
  'subscribe',
  'unsubscribe',
  'psubscribe',
  'punsubscribe',
  'publish',
  'info',
  'role',
  'client',
  'shutdown',
  'auth',
  'hello',
  'acl',
  'command',
])

export class CommandTable {
  readonly byName = new Map<string, Command>()
  private readonly asTyped = new Map<string, Command>()

  constructor(lists: readonly (readonly CommandImpl[])[], mode: 'server' | 'sentinel') {
    const impls = new Map<string, Handler>()
    // A later list replaces an earlier one: Sentinel's own PUBLISH, INFO and ROLE.
    for (const list of lists) for (const impl of list) impls.set(impl.name, impl.handler)
    const parents = new Set<string>()
    for (const name of impls.keys()) if (name.includes('|')) parents.add(name.slice(0, name.indexOf('|')))
    for (const [name, handler] of impls) if (!name.includes('|')) this.add(name, handler, parents.has(name), mode)
    for (const [name, handler] of impls) {
      const bar = name.indexOf('|')
      if (bar === -1) continue
      const parentName = name.slice(0, bar)
      if (!this.byName.has(parentName)) this.add(parentName, noHandler, true, mode)
      const parent = this.byName.get(parentName)
      const f = commandFacts[name] ?? sentinelFacts(name)
      if (!parent || !f) continue
      parent.subcommands?.set(name.slice(bar + 1), new Command(name, f, handler, parent, false))
    }
  }
  private add(name: string, handler: Handler, hasSubcommands: boolean, mode: 'server' | 'sentinel'): void {
    if (mode === 'sentinel' && !SENTINEL_COMMANDS.has(name)) return
    const f = commandFacts[name] ?? sentinelFacts(name)
    if (!f) return
    const command = new Command(name, f, handler, null, hasSubcommands)
    this.byName.set(name, command)
    this.asTyped.set(name, command)
    this.asTyped.set(name.toUpperCase(), command)
  }
  private lastName = ''
  private lastFound: Command | undefined = undefined
  get(name: Bytes): Command | undefined {
    // Clients repeat themselves.
    if (name === this.lastName) return this.lastFound
    const found = this.asTyped.get(name) ?? this.byName.get(name.toLowerCase())
    if (found !== undefined) {
      this.lastName = name
      this.lastFound = found
    }
    return found
  }
  /** lookupCommand: the subcommand when argv names one; undefined for an unknown command or subcommand. */
  lookup(argv: readonly Bytes[]): Command | undefined {
    const command = this.get(argv[0] as string)
    if (command === undefined || command.subcommands === null || argv.length === 1) return command
    const sub = argv[1] as string
    return command.subcommands.get(sub) ?? command.subcommands.get(sub.toLowerCase())
  }
  /** rename-command; what is wrong, or null. */
  rename(from: string, to: string): string | null {
    const command = this.byName.get(from.toLowerCase())
    if (!command) return 'No such command in rename-command'
    this.lastName = ''
    this.lastFound = undefined
    this.byName.delete(from.toLowerCase())
    this.asTyped.delete(from.toLowerCase())
    this.asTyped.delete(from.toUpperCase())
    if (to === '') return null
    if (this.byName.has(to.toLowerCase())) return 'Target command name already exists'
    this.byName.set(to.toLowerCase(), command)
    return null
  }
  all(): IterableIterator<Command> {
    return this.byName.values()
  }
  /** "pubsub|channels" or "get" to its command. */
  byFullName(name: string): Command | undefined {
    const [first = '', sub] = name.toLowerCase().split('|')
    const c = this.byName.get(first)
    return sub === undefined ? c : c?.subcommands?.get(sub)
  }
}

const noHandler: Handler = (_c, argv) => {
  throw new RedisError(`ERR wrong number of arguments for '${(argv[0] ?? '').toLowerCase()}' command`)
}
