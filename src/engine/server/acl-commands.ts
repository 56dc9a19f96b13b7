/**
 * The commands as ACL rules name them: 21 categories, commands, and subcommands as "config|get". A server's rules speak of
 * every command of the table, whatever was renamed; a Sentinel's only of those that it has.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { type CommandFacts, commandFacts } from '../commands/table.ts'

/** In ACL CAT's order, which is also the order in which categories are tried when rules are described. */
export const CATEGORIES: readonly string[] = [
  'keyspace',
  'read',
  'write',
  'set',
  'sortedset',
  'list',
  'hash',
  'string',
  'bitmap',
  'hyperloglog',
  'geo',
  'stream',
  'pubsub',
  'admin',
  'fast',
  'slow',
  'blocking',
  'dangerous',
  'connection',
  'transaction',
  'scripting',
]

export interface AclCommand {
  /** "get", "config|get" */
  readonly name: string
  readonly isSubcommand: boolean
  readonly categories: ReadonlySet<string>
  readonly subcommands: readonly AclCommand[]
}

export class AclCommands {
  /** Commands without subcommands of their own level. */
  readonly top: readonly AclCommand[]
  private readonly byName = new Map<string, AclCommand>()
  private readonly byCategory = new Map<string, readonly AclCommand[]>()

  constructor(facts: Iterable<readonly [string, CommandFacts]>) {
    const top: AclCommand[] = []
    const children = new Map<string, AclCommand[]>()
    for (const [name, f] of facts) {
      const bar = name.indexOf('|')
      const parent = bar === -1 ? name : name.slice(0, bar)
      let subcommands = children.get(name)
      if (bar === -1 && subcommands === undefined) children.set(name, (subcommands = []))
      const command: AclCommand = {
        name,
        isSubcommand: bar !== -1,
        categories: new Set(f.acl.map((c) => c.slice(1))),
        subcommands: subcommands ?? [],
      }
      this.byName.set(name, command)
      if (bar === -1) top.push(command)
      else {
        const list = children.get(parent)
        if (list) list.push(command)
        else children.set(parent, [command])
      }
    }
    this.top = top
    for (const category of CATEGORIES)
      this.byCategory.set(
        category,
        [...this.byName.values()].filter((c) => c.categories.has(category)),
      )
  }
  /** ACLLookupCommand: a command, or a subcommand as "config|get". */
  lookup(name: Bytes): AclCommand | undefined {
    return this.byName.get(name.toLowerCase())
  }
  all(): Iterable<AclCommand> {
    return this.byName.values()
  }
  /** Undefined for a category that does not exist. */
  ofCategory(category: Bytes): readonly AclCommand[] | undefined {
    return this.byCategory.get(category.toLowerCase())
  }
}

/** All of 7.0.15's commands: the same, unchanging table for every server. */
export const serverAclCommands: AclCommands = new AclCommands(Object.entries(commandFacts))
