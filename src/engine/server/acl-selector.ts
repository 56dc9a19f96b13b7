/**
 * A selector is one set of permissions: commands, key patterns, channel patterns. Every user has a root selector and may
 * have further ones; a command runs when one selector alone allows all of it.
 *
 *     +@read -get ~cache:* %R~log:* &news.*
 *      commands     keys             channels
 *
 * Commands are kept as a set, so the rules as typed are forgotten. ACL LIST finds short rules for the set again: it starts
 * from +@all or -@all, adds the categories that fit best, one after the other, and mends the rest command by command.
 */
import { type Bytes, own } from '../bytes/bytes.ts'
import { type AclCommand, type AclCommands, CATEGORIES } from './acl-commands.ts'

/** What is wrong with a rule; acl-user.ts has the texts. */
export type RuleError = 'unknown' | 'syntax' | 'allkeys' | 'allchannels' | 'nopass' | 'hash' | 'duplicate' | 'child'

export const READ = 1
export const WRITE = 2
export interface KeyPattern {
  readonly pattern: Bytes
  permissions: number
}

/** Anything isspace() calls a space, and NUL. */
const SPACE = /[\0\t-\r ]/
export const hasSpaces = (b: Bytes): boolean => SPACE.test(b)
const same = (op: Bytes, word: string): boolean => op.length === word.length && op.toLowerCase() === word

export class Selector {
  /** +@all and nothing taken away since. */
  allCommands = false
  allKeys = false
  allChannels = false
  /** Also commands that a later version adds (started from +@all). */
  futureCommands = false
  readonly allowed = new Set<string>()
  /** `+select|0`: commands that are allowed with this first argument only. */
  readonly firstArgs = new Map<string, Bytes[]>()
  patterns: KeyPattern[] = []
  channels: Bytes[] = []
  private readonly commands: AclCommands

  constructor(commands: AclCommands, allChannels: boolean) {
    this.commands = commands
    this.allChannels = allChannels
  }
  copy(): Selector {
    const s = new Selector(this.commands, this.allChannels)
    s.allCommands = this.allCommands
    s.allKeys = this.allKeys
    s.futureCommands = this.futureCommands
    for (const name of this.allowed) s.allowed.add(name)
    for (const [name, args] of this.firstArgs) s.firstArgs.set(name, [...args])
    s.patterns = this.patterns.map((p) => ({ ...p }))
    s.channels = [...this.channels]
    return s
  }

  /** ACLSetSelector: one rule; null when it is applied. */
  apply(op: Bytes): RuleError | null {
    const first = op.charAt(0)
    if (same(op, 'allkeys') || op === '~*') {
      this.allKeys = true
      this.patterns = []
    } else if (same(op, 'resetkeys')) {
      this.allKeys = false
      this.patterns = []
    } else if (same(op, 'allchannels') || op === '&*') {
      this.allChannels = true
      this.channels = []
    } else if (same(op, 'resetchannels')) {
      this.allChannels = false
      this.channels = []
    } else if (same(op, 'allcommands') || same(op, '+@all')) this.allowAll()
    else if (same(op, 'nocommands') || same(op, '-@all')) this.allowNone()
    else if (first === '~' || first === '%') return this.addKeyPattern(op)
    else if (first === '&') return this.addChannel(op.slice(1))
    else if ((first === '+' || first === '-') && op.charAt(1) === '@') return this.category(op.slice(2), first === '+')
    else if (first === '+') return this.allow(op.slice(1))
    else if (first === '-') {
      const command = this.commands.lookup(op.slice(1))
      if (command === undefined) return 'unknown'
      this.change(command, false)
    } else return 'syntax'
    return null
  }
  private allowAll(): void {
    for (const c of this.commands.all()) this.allowed.add(c.name)
    this.allCommands = this.futureCommands = true
    this.firstArgs.clear()
  }
  private allowNone(): void {
    this.allowed.clear()
    this.allCommands = this.futureCommands = false
    this.firstArgs.clear()
  }
  private addKeyPattern(op: Bytes): RuleError | null {
    if (this.allKeys) return 'allkeys'
    let permissions = 0
    let at = 1
    if (op.charAt(0) === '%') {
      for (; at < op.length; at++) {
        const ch = op.charAt(at).toUpperCase()
        if (ch === 'R' && !(permissions & READ)) permissions |= READ
        else if (ch === 'W' && !(permissions & WRITE)) permissions |= WRITE
        else if (ch === '~' && permissions !== 0) {
          at++
          break
        } else return 'syntax'
      }
      if (permissions === 0) return 'syntax'
    } else permissions = READ | WRITE
    const pattern = op.slice(at)
    if (hasSpaces(pattern)) return 'syntax'
    const known = this.patterns.find((p) => p.pattern === pattern)
    if (known) known.permissions |= permissions
    else this.patterns.push({ pattern: own(pattern), permissions })
    return null
  }
  private addChannel(pattern: Bytes): RuleError | null {
    if (this.allChannels) return 'allchannels'
    if (hasSpaces(pattern)) return 'syntax'
    if (!this.channels.includes(pattern)) this.channels.push(own(pattern))
    return null
  }
  private category(name: Bytes, allow: boolean): RuleError | null {
    const commands = this.commands.ofCategory(name)
    if (commands === undefined) return 'unknown'
    for (const c of commands) this.change(c, allow)
    return null
  }
  private allow(name: Bytes): RuleError | null {
    const bar = name.lastIndexOf('|')
    if (bar === -1) {
      const command = this.commands.lookup(name)
      if (command === undefined) return 'unknown'
      this.change(command, true)
      return null
    }
    const command = this.commands.lookup(name.slice(0, bar))
    if (command === undefined) return 'unknown'
    if (command.isSubcommand) return 'child'
    const arg = name.slice(bar + 1)
    if (arg === '') return 'syntax'
    if (command.subcommands.length > 0) {
      const sub = this.commands.lookup(name)
      if (sub === undefined) return 'unknown'
      this.change(sub, true)
      return null
    }
    this.addFirstArg(command, arg)
    return null
  }
  private addFirstArg(command: AclCommand, arg: Bytes): void {
    const args = this.firstArgs.get(command.name)
    if (args === undefined) this.firstArgs.set(command.name, [own(arg)])
    else if (!args.some((a) => a.toLowerCase() === arg.toLowerCase())) args.push(own(arg))
  }
  /** ACLChangeSelectorPerm: with a command go its subcommands. */
  private change(command: AclCommand, allow: boolean): void {
    this.setBit(command.name, allow)
    this.firstArgs.delete(command.name)
    for (const sub of command.subcommands) this.setBit(sub.name, allow)
  }
  private setBit(name: string, allow: boolean): void {
    if (allow) this.allowed.add(name)
    else {
      this.allowed.delete(name)
      this.allCommands = false
    }
  }

  // As text

  describeKeys(): Bytes {
    if (this.allKeys) return '~*'
    return this.patterns.map(patternText).join(' ')
  }
  describeChannels(): Bytes {
    if (this.allChannels) return '&*'
    return this.channels.map((c) => `&${c}`).join(' ')
  }
  /** As ACL LIST and files have it. */
  describe(): Bytes {
    let out = this.allKeys ? '~* ' : this.patterns.map((p) => `${patternText(p)} `).join('')
    out += this.allChannels ? '&* ' : `resetchannels ${this.channels.map((c) => `&${c} `).join('')}`
    return out + this.describeCommands()
  }
  /** ACLDescribeSelectorCommandRules */
  describeCommands(): Bytes {
    const additive = !this.futureCommands
    const rules: string[] = [additive ? '-@all' : '+@all']
    // What the rules so far allow, and what of our own set no rule has spoken of yet.
    const said = new Selector(this.commands, false)
    said.apply(rules[0] as string)
    const rest = this.copy()
    const applied = new Set<string>()
    for (;;) {
      const best = rest.bestCategory(additive, applied)
      if (best === null) break
      said.apply(`${additive ? '+' : '-'}@${best}`)
      rest.apply(`${additive ? '-' : '+'}@${best}`)
      rules.push(`${additive ? '+' : '-'}@${best}`)
      applied.add(best)
    }
    for (const c of this.commands.top) this.describeCommand(c, said, rules)
    return rules.join(' ')
  }
  /** The category with the fewest commands that don't fit, and among those the one with the most that do. */
  private bestCategory(additive: boolean, applied: ReadonlySet<string>): string | null {
    let best: string | null = null
    let fewest = Number.POSITIVE_INFINITY
    let most = 0
    for (const category of CATEGORIES) {
      if (applied.has(category)) continue
      const commands = this.commands.ofCategory(category) ?? []
      let on = 0
      for (const c of commands) if (this.allowed.has(c.name)) on++
      const off = commands.length - on
      const diff = additive ? off : on
      const fit = additive ? on : off
      if (fit > diff && (diff < fewest || (diff === fewest && fit > most))) {
        best = category
        fewest = diff
        most = fit
      }
    }
    return best
  }
  private describeCommand(c: AclCommand, said: Selector, rules: string[]): void {
    const allowed = this.allowed.has(c.name)
    if (allowed !== said.allowed.has(c.name)) {
      rules.push(`${allowed ? '+' : '-'}${c.name}`)
      said.change(c, allowed)
    }
    for (const sub of c.subcommands) this.describeCommand(sub, said, rules)
    if (!allowed) for (const arg of this.firstArgs.get(c.name) ?? []) rules.push(`+${c.name}|${arg}`)
  }
}

function patternText(p: KeyPattern): Bytes {
  if (p.permissions === (READ | WRITE)) return `~${p.pattern}`
  return `${p.permissions === WRITE ? '%W~' : '%R~'}${p.pattern}`
}
