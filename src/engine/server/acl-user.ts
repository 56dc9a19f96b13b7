/** A user: a name, passwords as SHA-256, on or off, and selectors. Rules change a user one at a time (ACLSetUser). */
import { type Bytes, own } from '../bytes/bytes.ts'
import { splitArgs } from '../bytes/quote.ts'
import { sha256Hex } from '../bytes/sha256.ts'
import type { AclCommands } from './acl-commands.ts'
import { type RuleError, Selector } from './acl-selector.ts'

const TEXTS: Readonly<Record<RuleError, string>> = {
  unknown: 'Unknown command or category name in ACL',
  syntax: 'Syntax error',
  allkeys:
    "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns",
  allchannels:
    "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels",
  nopass: 'The password you are trying to remove from the user does not exist',
  hash: 'The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters',
  duplicate: 'Duplicate user found. A user can only be defined once in config files',
  child: 'Allowing first-arg of a subcommand is not supported',
}
export const ruleErrorText = (e: RuleError): string => TEXTS[e]

export interface AclEnvironment {
  readonly commands: AclCommands
  /** acl-pubsub-default allchannels */
  readonly allChannelsByDefault: boolean
}

export class User {
  readonly name: Bytes
  on = false
  nopass = false
  skipSanitize = false
  sanitize = false
  passwords: string[] = []
  /** The first is the root selector. */
  selectors: Selector[]
  /** One selector allows everything: the common case, which is not checked further. */
  unrestricted = false

  constructor(name: Bytes, env: AclEnvironment) {
    this.name = own(name)
    this.selectors = [new Selector(env.commands, env.allChannelsByDefault)]
  }
  get root(): Selector {
    return this.selectors[0] as Selector
  }
  copyFrom(u: User): void {
    this.on = u.on
    this.nopass = u.nopass
    this.skipSanitize = u.skipSanitize
    this.sanitize = u.sanitize
    this.passwords = [...u.passwords]
    this.selectors = u.selectors.map((s) => s.copy())
    this.unrestricted = this.selectors.some((s) => s.allCommands && s.allKeys && s.allChannels)
  }

  /** One rule; null when it is applied. */
  apply(env: AclEnvironment, op: Bytes): RuleError | null {
    const error = this.rule(env, op)
    this.unrestricted = this.selectors.some((s) => s.allCommands && s.allKeys && s.allChannels)
    return error
  }
  private rule(env: AclEnvironment, op: Bytes): RuleError | null {
    if (op === '') return null
    switch (op.toLowerCase()) {
      case 'on':
      case 'off':
        this.on = op.toLowerCase() === 'on'
        return null
      case 'nopass':
      case 'resetpass':
        this.nopass = op.toLowerCase() === 'nopass'
        this.passwords = []
        return null
      case 'skip-sanitize-payload':
      case 'sanitize-payload':
        this.skipSanitize = op.toLowerCase() === 'skip-sanitize-payload'
        this.sanitize = !this.skipSanitize
        return null
      case 'clearselectors':
        this.selectors.length = 1
        return null
      case 'reset':
        for (const rule of ['resetpass', 'resetkeys', 'resetchannels']) this.rule(env, rule)
        if (env.allChannelsByDefault) this.rule(env, 'allchannels')
        for (const rule of ['off', 'sanitize-payload', 'clearselectors', '-@all']) this.rule(env, rule)
        return null
    }
    const first = op.charAt(0)
    if (first === '>' || first === '#' || first === '<' || first === '!') return this.password(first, op.slice(1))
    if (first === '(' && op.endsWith(')')) return this.addSelector(env, op.slice(1, -1))
    return this.root.apply(op)
  }
  private password(kind: string, text: Bytes): RuleError | null {
    const clear = kind === '>' || kind === '<'
    if (!clear && !/^[0-9a-f]{64}$/.test(text)) return 'hash'
    const hash = clear ? sha256Hex(text) : own(text)
    const at = this.passwords.indexOf(hash)
    if (kind === '<' || kind === '!') {
      if (at === -1) return 'nopass'
      this.passwords.splice(at, 1)
      return null
    }
    if (at === -1) this.passwords.push(hash)
    this.nopass = false
    return null
  }
  private addSelector(env: AclEnvironment, rules: Bytes): RuleError | null {
    const selector = new Selector(env.commands, env.allChannelsByDefault)
    for (const rule of splitArgs(rules) ?? []) {
      const error = selector.apply(rule)
      if (error !== null) return error
    }
    this.selectors.push(selector)
    return null
  }

  /** ACLCheckUserCredentials */
  accepts(password: Bytes): boolean {
    if (!this.on) return false
    return this.nopass || this.passwords.includes(sha256Hex(password))
  }
  flags(): string[] {
    const out = [this.on ? 'on' : 'off']
    if (this.nopass) out.push('nopass')
    if (this.skipSanitize) out.push('skip-sanitize-payload')
    if (this.sanitize) out.push('sanitize-payload')
    return out
  }
  /** As ACL LIST and files have it, after "user <name> ". */
  describe(): Bytes {
    const head = [...this.flags(), ...this.passwords.map((p) => `#${p}`)].join(' ')
    const [root, ...others] = this.selectors.map((s) => s.describe())
    return `${head} ${root}${others.map((s) => ` (${s})`).join('')}`
  }
}

/** A selector may come as several words, "(+get" "~x)": join them. The index of a parenthesis that stays open is an error. */
export function mergeSelectors(words: readonly Bytes[]): readonly Bytes[] | { readonly unmatched: number } {
  const out: Bytes[] = []
  let open = -1
  let selector = ''
  words.forEach((w, i) => {
    // A parenthesis within an open one begins the selector again.
    if (w.startsWith('(') && !w.endsWith(')')) {
      open = i
      selector = w
      return
    }
    if (open === -1) {
      out.push(w)
      return
    }
    selector += ` ${w}`
    if (!w.endsWith(')')) return
    open = -1
    out.push(selector)
  })
  return open === -1 ? out : { unmatched: open }
}
