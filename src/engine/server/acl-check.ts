/**
 * May this user run this command with these arguments? Each selector is asked in turn and must allow the command, every key
 * (with what the command does to it: read, write) and every channel. When none does, the refusal names what the most
 * permissive one would not allow: a channel before a key before the command.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { globMatch } from '../bytes/glob.ts'
import { getKeysFromCommand, type KeyReference } from '../commands/keys.ts'
import type { Command } from '../commands/table.ts'
import { READ, type Selector, WRITE } from './acl-selector.ts'
import type { User } from './acl-user.ts'

export type DenialReason = 'command' | 'key' | 'channel'
export interface AclDenial {
  readonly reason: DenialReason
  /** Which argument. */
  readonly argpos: number
}
const RANK: Readonly<Record<DenialReason, number>> = { command: 1, key: 2, channel: 4 }

/** First channel argument, whether all that follow are channels, and whether they are patterns. */
const CHANNELS: Readonly<Record<string, { readonly all: boolean; readonly pattern: boolean }>> = {
  subscribe: { all: true, pattern: false },
  ssubscribe: { all: true, pattern: false },
  psubscribe: { all: true, pattern: true },
  publish: { all: false, pattern: false },
  spublish: { all: false, pattern: false },
}

/** ACLCheckAllUserCommandPerm: null when the user may. A client without a user (our master) may do everything. */
export function aclCheck(user: User | null, command: Command, argv: readonly Bytes[]): AclDenial | null {
  if (user === null || user.unrestricted) return null
  let worst: AclDenial = { reason: 'command', argpos: 0 }
  const keys: { found: readonly KeyReference[] | null } = { found: null }
  for (const s of user.selectors) {
    const denial = checkSelector(s, command, argv, keys)
    if (denial === null) return null
    const rank = RANK[denial.reason] - RANK[worst.reason]
    if (rank > 0 || (rank === 0 && denial.argpos > worst.argpos)) worst = denial
  }
  return worst
}

function checkSelector(
  s: Selector,
  command: Command,
  argv: readonly Bytes[],
  keys: { found: readonly KeyReference[] | null },
): AclDenial | null {
  if (!s.allCommands && !command.noAuth && !commandAllowed(s, command, argv)) return { reason: 'command', argpos: 0 }
  if (!s.allKeys && command.facts.keySpecs.length > 0) {
    keys.found ??= getKeysFromCommand(command, argv) ?? []
    for (const k of keys.found)
      if (!keyAllowed(s, argv[k.index] as Bytes, k.flags)) return { reason: 'key', argpos: k.index }
  }
  const channels = s.allChannels ? undefined : CHANNELS[command.name]
  if (channels !== undefined) {
    const end = channels.all ? argv.length : Math.min(2, argv.length)
    for (let i = 1; i < end; i++)
      if (!channelAllowed(s.channels, argv[i] as Bytes, channels.pattern)) return { reason: 'channel', argpos: i }
  }
  return null
}
function commandAllowed(s: Selector, command: Command, argv: readonly Bytes[]): boolean {
  if (s.allowed.has(command.name)) return true
  const first = argv[1]?.toLowerCase()
  return first !== undefined && (s.firstArgs.get(command.name)?.some((a) => a.toLowerCase() === first) ?? false)
}
function keyAllowed(s: Selector, key: Bytes, flags: readonly string[]): boolean {
  let needed = 0
  if (flags.includes('access')) needed |= READ
  if (flags.includes('insert') || flags.includes('delete') || flags.includes('update')) needed |= WRITE
  return s.patterns.some((p) => (p.permissions & needed) === needed && globMatch(p.pattern, key))
}
/** A pattern that someone subscribes to must be one of the list, letter by letter; a channel must match one. */
export function channelAllowed(allowed: readonly Bytes[], channel: Bytes, isPattern: boolean): boolean {
  return allowed.some((p) => (isPattern ? p === channel : globMatch(p, channel)))
}

/** ACLUserCheckCmdWithUnrestrictedPerms: one selector allows the command and every key of all (SORT's BY and GET read any). */
export function mayReadEveryKey(user: User | null, command: Command, argv: readonly Bytes[]): boolean {
  if (user === null || user.unrestricted) return true
  const keys = { found: null }
  return user.selectors.some(
    (s) =>
      checkSelector(s, command, argv, keys) === null &&
      (s.allKeys || s.patterns.some((p) => p.pattern === '*' && p.permissions & READ)),
  )
}

const NOPERM: Readonly<Record<DenialReason, (c: Command) => string>> = {
  command: (c) => `NOPERM this user has no permissions to run the '${c.name}' command`,
  key: () => 'NOPERM this user has no permissions to access one of the keys used as arguments',
  channel: () => 'NOPERM this user has no permissions to access one of the channels used as arguments',
}
/** What a client is told. */
export const nopermText = (denial: AclDenial, command: Command): string => NOPERM[denial.reason](command)

const IN_EXEC: Readonly<Record<DenialReason, string>> = {
  command: 'no permission to execute the command or subcommand',
  key: 'no permission to touch the specified keys',
  channel: 'no permission to access one of the channels used as arguments',
}
/** What EXEC answers for a command that has been forbidden since it was queued. */
export const execNopermText = (denial: AclDenial): string =>
  `NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: ${IN_EXEC[denial.reason]}`

const IN_SCRIPT: Readonly<Record<DenialReason, string>> = {
  command: "The user executing the script can't run this command or subcommand",
  key: "The user executing the script can't access at least one of the keys mentioned in the command arguments",
  channel: "The user executing the script can't publish to the channel mentioned in the command",
}
/** What redis.call raises (after "ERR "). */
export const scriptNopermText = (denial: AclDenial): string => IN_SCRIPT[denial.reason]
